#ifndef INFLATE_CKPT_CLIBFUZZER_SHIM_H
#define INFLATE_CKPT_CLIBFUZZER_SHIM_H

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's entry for programs that have a `main` of their own; no header of the toolchain
/// declares it.
int LLVMFuzzerRunDriver(
  int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif

#ifndef INFLATE_CKPT_CZLIB_SHIM_H
#define INFLATE_CKPT_CZLIB_SHIM_H

#include <zlib.h>

// Macros that Swift does not import.

static inline int inflate_zlib_inflate_init2(z_streamp stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}

static inline int inflate_zlib_deflate_init2(z_streamp stream, int level, int window_bits) {
  return deflateInit2(stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}

#endif

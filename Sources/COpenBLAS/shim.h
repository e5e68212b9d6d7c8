#ifndef INFLATE_CKPT_COPENBLAS_SHIM_H
#define INFLATE_CKPT_COPENBLAS_SHIM_H

#include <cblas.h>

#endif

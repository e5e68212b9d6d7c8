#include "CKernels.h"

#include <math.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wpsabi"

#define NAME(x) portable_##x
#define TEXT(x) "portable"
#define LANES 8
#define ROWS 2
#include "KernelTemplate.h"
#undef NAME
#undef TEXT
#undef LANES
#undef ROWS

#if defined(__x86_64__)

#define NAME(x) avx2_##x
#define TEXT(x) "avx2"
#define LANES 8
#define ROWS 6
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "KernelTemplate.h"
#pragma clang attribute pop
#undef NAME
#undef TEXT
#undef LANES
#undef ROWS

#define NAME(x) avx512_##x
#define TEXT(x) "avx512"
#define LANES 16
#define ROWS 12
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma"))), apply_to = function)
#include "KernelTemplate.h"
#pragma clang attribute pop
#undef NAME
#undef TEXT
#undef LANES
#undef ROWS

#endif

const struct ck_kernels *ck_select(const char *name) {
  if (!strcmp(name, "portable")) return &portable_kernels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!strcmp(name, "avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &avx2_kernels;
  if (!strcmp(name, "avx512") && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma"))
    return &avx512_kernels;
#endif
  return NULL;
}

// Three taps to six factors, for 16 outputs at once; see KernelTemplate.h.
static void transform_taps(
    double target[][CK_PANEL], size_t target_step, double source[][CK_PANEL], size_t step) {
  const double near = 0.70710678118654752, far = 1.41421356237309505;
  for (int lane = 0; lane < CK_PANEL; lane++) {
    double g0 = source[0][lane], g1 = source[step][lane], g2 = source[2 * step][lane];
    double near_even = (g0 + g2 * 0.5) * (-2.0 / 3), near_odd = g1 * (near * -2 / 3);
    double far_even = (g0 + g2 * 2) * (1.0 / 6), far_odd = g1 * (far / 6);
    target[0][lane] = g0;
    target[target_step][lane] = near_even + near_odd;
    target[2 * target_step][lane] = near_even - near_odd;
    target[3 * target_step][lane] = far_even + far_odd;
    target[4 * target_step][lane] = far_even - far_odd;
    target[5 * target_step][lane] = g2;
  }
}

void ck_winograd_weights(
    const float *weights, size_t inputs, size_t outputs, size_t panel, size_t panel_count,
    float *packed) {
  for (size_t input = 0; input < inputs; input++) {
    double taps[27][CK_PANEL], lines[54][CK_PANEL], planes[108][CK_PANEL], cube[216][CK_PANEL];
    for (size_t lane = 0; lane < CK_PANEL; lane++) {
      size_t output = panel * CK_PANEL + lane;
      for (int tap = 0; tap < 27; tap++)
        taps[tap][lane] = output < outputs ? weights[(output * inputs + input) * 27 + tap] : 0;
    }
    for (int line = 0; line < 9; line++) transform_taps(lines + line * 6, 1, taps + line * 3, 1);
    for (int y = 0; y < 3; y++)
      for (int z = 0; z < 6; z++)
        transform_taps(planes + y * 36 + z, 6, lines + y * 18 + z, 6);
    for (int p = 0; p < 36; p++) transform_taps(cube + p, 36, planes + p, 36);
    for (size_t p = 0; p < 216; p++) {
      float *target = packed + ((p * panel_count + panel) * inputs + input) * CK_PANEL;
      for (int lane = 0; lane < CK_PANEL; lane++) target[lane] = (float)cube[p][lane];
    }
  }
}

void ck_square_weights(
    const float *weights, size_t inputs, size_t outputs, size_t panel, size_t panel_count,
    float *packed) {
  for (size_t input = 0; input < inputs; input++) {
    double taps[9][CK_PANEL], lines[18][CK_PANEL], square[36][CK_PANEL];
    for (size_t lane = 0; lane < CK_PANEL; lane++) {
      size_t output = panel * CK_PANEL + lane;
      for (int tap = 0; tap < 9; tap++)
        taps[tap][lane] = output < outputs ? weights[(output * inputs + input) * 9 + tap] : 0;
    }
    for (int line = 0; line < 3; line++) transform_taps(lines + line * 6, 1, taps + line * 3, 1);
    for (int x = 0; x < 6; x++) transform_taps(square + x, 6, lines + x, 6);
    for (size_t p = 0; p < 36; p++) {
      float *target = packed + ((p * panel_count + panel) * inputs + input) * CK_PANEL;
      for (int lane = 0; lane < CK_PANEL; lane++) target[lane] = (float)square[p][lane];
    }
  }
}

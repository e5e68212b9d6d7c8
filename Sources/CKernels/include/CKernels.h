#ifndef INFLATE_CKPT_KERNELS_H
#define INFLATE_CKPT_KERNELS_H

#include <stddef.h>

// The innermost loops, compiled several times for different instruction sets; `ck_select` gives
// the functions of one set. Nothing here allocates or knows of threads.
//
// Matrices are row-major 32-bit floats. A right operand is stored as panels of 16 columns:
// [panel][inner][16], the columns that are missing in the last panel as zeros.

enum { CK_PANEL = 16 };

// What leaky rectification multiplies negative values by.
#define CK_LEAKY_SLOPE 0.01f

// output = left * right, or that much more; the left rows lie at one distance from each other.
struct ck_matrix_product {
  const float *left;
  size_t left_stride;
  size_t row_count;
  size_t inner;
  const float *panels;
  const float *bias;          // padded to whole panels, or NULL
  float *output;
  size_t output_stride;
  size_t columns;
  int accumulate;             // add to what the output holds
};

// A feature map [height][width][depth][channels], pixels `stride` floats apart.
struct ck_map {
  float *values;
  size_t stride;
  long height, width, depth;
  size_t channels;
};

// What is done to values on their way: scale * x + shift for each channel (both padded to 16, or
// NULL), then x for x >= 0 and slope * x below.
struct ck_pointwise {
  const float *scale;
  const float *shift;
  float slope;
};

// What is done to a sum before it is stored; see Activation.swift.
enum ck_activation {
  CK_NONE, CK_RECTIFIED, CK_LEAKY, CK_GELU, CK_TANH_GELU, CK_QUICK_GELU
};

// Mean and sum of squared deviations of each channel.
struct ck_moments {
  float *mean;
  float *squares;
  float count;
};

struct ck_kernels {
  const char *name;
  void (*matrix_product)(const struct ck_matrix_product *);
  // [columns][inner] (a transposed right operand, rows `stride` apart), times `factor`, to panels.
  void (*pack_transposed)(
      const float *right, size_t stride, size_t columns, size_t inner, float factor, float *panels);
  // [inner][columns] to panels.
  void (*pack)(const float *right, size_t stride, size_t inner, size_t columns, float *panels);
  // The activation of every element, in place.
  void (*activate)(
      float *rows, size_t stride, size_t row_count, size_t columns, enum ck_activation);
  // e^(x + bias - maximum) of each row in place; the sums of the rows go to `sums`. `bias` has as
  // many rows or is NULL. Where `regions` are given, 100 is taken off for every column whose region
  // is not the row's: regions[first_row + row]. Rows, bias and regions are read, and rows are
  // written, to whole panels.
  void (*exponentials)(
      float *rows, size_t stride, size_t row_count, size_t columns, const float *bias,
      size_t bias_stride, const float *regions, size_t first_row, float *sums);
  // A 3 x 3 x `slices` convolution (1 or 3) of `pixel_count` pixels by some panels of outputs,
  // packed as [panel][9 * slices * inputs][16]; `zeros` holds as many as there are inputs.
  void (*direct)(
      const struct ck_map *input, const float *zeros, const float *panels, long slices,
      size_t first_panel, size_t panel_count, const float *bias, long first_pixel,
      long pixel_count, const struct ck_map *output);
  // Winograd F(4,3) in three dimensions: one tile's 6 x 6 x 6 inputs to
  // transformed[216][position_stride]; the tile's outputs begin at y, x, z.
  void (*winograd_input)(
      const struct ck_map *, const struct ck_pointwise *, long y, long x, long z,
      float *transformed, size_t position_stride);
  // products[216][product_stride] = transformed[216][position_stride] * weights; in both, the rows
  // of a position are its tiles, `inner_stride` floats apart or the outputs padded to 16.
  void (*winograd_multiply)(
      const float *transformed, size_t tiles, size_t inner, size_t inner_stride,
      size_t position_stride, const float *weights, size_t panel_count, float *products,
      size_t product_stride);
  // One tile's products to its outputs; moments are joined to those of other tiles.
  void (*winograd_output)(
      const float *products, size_t position_stride, const float *bias, float slope,
      const struct ck_map *, long y, long x, long z, struct ck_moments *);
  // The same for images: one tile's 6 x 6 inputs to transformed[36][position_stride], and its
  // products [36][position_stride] to its outputs, with bias (padded to 16) and slope.
  void (*square_input)(
      const struct ck_map *, long y, long x, float *transformed, size_t position_stride);
  void (*square_output)(
      const float *products, size_t position_stride, const float *bias, float slope,
      const struct ck_map *, long y, long x);
  // Joins the moments of consecutive pixels to those that are there.
  void (*moments)(const float *rows, size_t stride, size_t row_count, size_t channels,
                  struct ck_moments *);
  // output = activation(scale * x + shift [+ scale * residual + shift])
  void (*pointwise)(
      const float *input, size_t stride, const struct ck_pointwise *, const float *residual,
      size_t residual_stride, const struct ck_pointwise *residual_pointwise, size_t row_count,
      size_t channels, float *output, size_t output_stride);
  // Each row brought to mean 0 and variance 1, then scaled and shifted; weight and bias are padded
  // to 16.
  void (*layer_norm)(
      const float *input, size_t stride, size_t row_count, size_t columns, const float *weight,
      const float *bias, double epsilon, float *output, size_t output_stride);
};

// The functions for "portable", "avx2" or "avx512"; NULL when this machine has no such instructions
// or the name means nothing here.
const struct ck_kernels *ck_select(const char *name);

// Weights [outputs][inputs][27] of a 3 x 3 x 3 convolution, transformed, for one panel of outputs:
// packed[216][panel_count][inputs][16].
void ck_winograd_weights(
    const float *weights, size_t inputs, size_t outputs, size_t panel, size_t panel_count,
    float *packed);

// The same for weights [outputs][inputs][9] of a 3 x 3 convolution: packed[36][panel_count][inputs][16].
void ck_square_weights(
    const float *weights, size_t inputs, size_t outputs, size_t panel, size_t panel_count,
    float *packed);

#endif

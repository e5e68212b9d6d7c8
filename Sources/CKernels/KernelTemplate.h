// Included once for each instruction set with
//   NAME(x)   the function's name in this set
//   LANES     floats in a vector
//   ROWS      rows of the largest micro-kernel
// Everything is written with the compiler's vector types, so that one text serves all sets.

typedef float NAME(vec) __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int NAME(ivec) __attribute__((vector_size(4 * LANES), aligned(4)));
#define V NAME(vec)
#define I NAME(ivec)
#define INLINE static inline __attribute__((always_inline))

INLINE V NAME(load)(const float *p) { return *(const V *)p; }
INLINE void NAME(store)(float *p, V v) { *(V *)p = v; }
// Subtracting zero changes nothing, not even the sign of zero: it costs no instruction.
INLINE V NAME(splat)(float x) { return x - (V){}; }

INLINE V NAME(load_part)(const float *p, size_t count) {
  if (count >= LANES) return NAME(load)(p);
  V v = {};
  for (size_t lane = 0; lane < count; lane++) v[lane] = p[lane];
  return v;
}

INLINE void NAME(store_part)(float *p, V v, size_t count) {
  if (count >= LANES) {
    NAME(store)(p, v);
    return;
  }
  for (size_t lane = 0; lane < count; lane++) p[lane] = v[lane];
}

INLINE V NAME(select)(I condition, V yes, V no) {
  return (V)((condition & (I)yes) | (~condition & (I)no));
}

// x for x >= 0 (and NaN), slope * x below.
INLINE V NAME(rectify)(V x, float slope) { return NAME(select)(x < 0, x * slope, x); }

INLINE float NAME(sum)(V v) {
  float total = 0;
  for (int lane = 0; lane < LANES; lane++) total += v[lane];
  return total;
}

// e^x for x <= 88, within two units of the last place; 0 below -87.3; NaN stays NaN.
//
// x = n ln 2 + r with |r| <= ln 2 / 2, the Taylor polynomial of degree 7 in r (remainder 4e-9), and
// 2^n put into the exponent bits. Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in
// the low bits; ln 2 is taken off in two parts, the first with so few bits that n times it is exact.
INLINE V NAME(exponential)(V x) {
  I small = x < -87.3f;
  V magic = NAME(splat)(12582912.0f);
  V shifted = x * 1.44269504f + magic;
  V n = shifted - magic;
  V r = (x - n * 0.693359375f) + n * 2.1219444e-4f;
  V p = r * (1.0f / 5040) + (1.0f / 720);
  p = p * r + (1.0f / 120);
  p = p * r + (1.0f / 24);
  p = p * r + (1.0f / 6);
  p = p * r + 0.5f;
  p = p * (r * r) + r + 1.0f;
  I bits = (I)shifted - (I)magic;
  V power = (V)((bits + 127) << 23);
  return NAME(select)(small, (V){}, p * power);
}

// x * Phi(x), see Activation.swift.
INLINE V NAME(gelu)(V x) {
  V magnitude = NAME(select)(x < 0, -x, x);
  V s = 1 / (magnitude * 0.32f + 1);
  V p = s * -0.0210867800f + 0.0954479241f;
  p = p * s - 0.146788344f;
  p = p * s + 0.0654160743f;
  p = p * s - 0.00943461701f;
  p = p * s + 0.0586763642f;
  p = p * s + 0.0878239084f;
  p = p * s + 0.114623016f;
  p = p * s + 0.127660908f;
  p = p * s + 0.127661529f;
  V tail = NAME(exponential)(magnitude * magnitude * -0.5f) * s * p;
  return x * NAME(select)(x < 0, tail, 1 - tail);
}

// x times the logistic function of `argument`.
INLINE V NAME(gated)(V x, V argument) {
  V negated = NAME(select)(argument < -88, NAME(splat)(88), -argument);
  return x / (1 + NAME(exponential)(negated));
}

INLINE V NAME(activated)(V x, enum ck_activation activation) {
  switch (activation) {
    case CK_NONE: return x;
    case CK_RECTIFIED: return NAME(rectify)(x, 0);
    case CK_LEAKY: return NAME(rectify)(x, CK_LEAKY_SLOPE);
    case CK_GELU: return NAME(gelu)(x);
    case CK_TANH_GELU: return NAME(gated)(x, x * (x * x * 0.071354816f + 1.5957691216f));
    case CK_QUICK_GELU: return NAME(gated)(x, x * 1.702f);
  }
}

INLINE void NAME(activate_rows)(
    float *rows, size_t stride, size_t row_count, size_t columns, enum ck_activation activation) {
  for (size_t r = 0; r < row_count; r++, rows += stride)
    for (size_t c = 0; c < columns; c += LANES)
      NAME(store_part)(
          rows + c, NAME(activated)(NAME(load_part)(rows + c, columns - c), activation),
          columns - c);
}

static void NAME(activate)(
    float *rows, size_t stride, size_t row_count, size_t columns, enum ck_activation activation) {
  // A loop of its own for each, which is what the compiler makes of constants.
#define ACTIVATE(which)                                                                            \
  case which: NAME(activate_rows)(rows, stride, row_count, columns, which); break
  switch (activation) {
    case CK_NONE: break;
    ACTIVATE(CK_RECTIFIED);
    ACTIVATE(CK_LEAKY);
    ACTIVATE(CK_GELU);
    ACTIVATE(CK_TANH_GELU);
    ACTIVATE(CK_QUICK_GELU);
  }
#undef ACTIVATE
}

// MARK: Products

#define WIDTH (CK_PANEL / LANES)

// The sum over a piece of the inner extent begins at zero and is added to the bias, and with
// `accumulate` to what the output holds: pieces of zeros then leave every bit alone, and long sums
// lose fewer digits than they would in one go.
#define MICRO(R)                                                                                   \
  static __attribute__((noinline)) void NAME(micro##R)(                                            \
      const float *const *rows, size_t row_stride, const int *tap_index, size_t taps,              \
      size_t inner, const float *panel, const float *bias, float *output, size_t output_stride,    \
      size_t columns, int accumulate) {                                                            \
    V sums[R][WIDTH];                                                                              \
    for (int r = 0; r < R; r++)                                                                    \
      for (int w = 0; w < WIDTH; w++) sums[r][w] = (V){};                                          \
    for (size_t tap = 0; tap < taps; tap++) {                                                      \
      const float *a[R];                                                                           \
      for (int r = 0; r < R; r++) a[r] = rows[tap * row_stride + r];                               \
      const float *b = panel + (tap_index ? (size_t)tap_index[tap] : tap) * inner * CK_PANEL;      \
      _Pragma("clang loop unroll_count(4)")                                                        \
      for (size_t k = 0; k < inner; k++, b += CK_PANEL) {                                          \
        V right[WIDTH];                                                                            \
        for (int w = 0; w < WIDTH; w++) right[w] = NAME(load)(b + w * LANES);                      \
        for (int r = 0; r < R; r++) {                                                              \
          V left = NAME(splat)(a[r][k]);                                                           \
          for (int w = 0; w < WIDTH; w++) sums[r][w] += left * right[w];                           \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
    float edge[R * CK_PANEL];                                                                      \
    float *target = columns < CK_PANEL ? edge : output;                                            \
    size_t stride = columns < CK_PANEL ? CK_PANEL : output_stride;                                 \
    if (columns < CK_PANEL && accumulate)                                                          \
      for (int r = 0; r < R; r++)                                                                  \
        for (size_t c = 0; c < CK_PANEL; c++)                                                      \
          edge[r * CK_PANEL + c] = c < columns ? output[r * output_stride + c] : 0;                \
    for (int w = 0; w < WIDTH; w++) {                                                              \
      V start = bias ? NAME(load)(bias + w * LANES) : (V){};                                       \
      for (int r = 0; r < R; r++) {                                                                \
        float *place = target + r * stride + w * LANES;                                            \
        NAME(store)(place, (accumulate ? NAME(load)(place) + start : start) + sums[r][w]);         \
      }                                                                                            \
    }                                                                                              \
    if (columns < CK_PANEL)                                                                        \
      for (int r = 0; r < R; r++)                                                                  \
        for (size_t c = 0; c < columns; c++)                                                       \
          output[r * output_stride + c] = edge[r * CK_PANEL + c];                                  \
  }

MICRO(1)
MICRO(2)
#if ROWS > 2
MICRO(3)
MICRO(4)
MICRO(5)
MICRO(6)
#endif
#if ROWS > 6
MICRO(12)
#endif

#define RUN(R)                                                                                     \
  NAME(micro##R)                                                                                   \
  (rows, row_stride, tap_index, taps, inner, panel, bias, output, output_stride, columns,          \
   accumulate);                                                                                    \
  rows += R;                                                                                       \
  output += R * output_stride;                                                                     \
  count -= R

// All rows by one panel.
INLINE void NAME(rows_by_panel)(
    const float *const *rows, size_t row_stride, size_t count, const int *tap_index, size_t taps,
    size_t inner, const float *panel, const float *bias, float *output, size_t output_stride,
    size_t columns, int accumulate) {
#if ROWS > 6
  while (count >= 12) { RUN(12); }
#endif
#if ROWS > 2
  while (count >= 6) { RUN(6); }
  switch (count) {
    case 5: { RUN(5); break; }
    case 4: { RUN(4); break; }
    case 3: { RUN(3); break; }
    default: break;
  }
#endif
  while (count >= 2) { RUN(2); }
  if (count == 1) { RUN(1); }
}

// Rows that go through all panels together, and how much of the inner extent they go through at
// once: a panel's part then stays in the first cache, and the left rows' part in the second.
enum { NAME(most_rows) = 216, NAME(most_inner) = 384 };

static void NAME(matrix_product)(const struct ck_matrix_product *p) {
  size_t chunks = (p->row_count + NAME(most_rows) - 1) / NAME(most_rows);
  size_t chunk = chunks ? ((p->row_count + chunks - 1) / chunks + ROWS - 1) / ROWS * ROWS : 1;
  const float *rows[NAME(most_rows) + ROWS];
  for (size_t first = 0; first < p->row_count; first += chunk) {
    size_t count = p->row_count - first < chunk ? p->row_count - first : chunk;
    size_t k = 0;
    do {
      size_t inner = p->inner - k < NAME(most_inner) ? p->inner - k : NAME(most_inner);
      for (size_t r = 0; r < count; r++) rows[r] = p->left + (first + r) * p->left_stride + k;
      for (size_t column = 0; column < p->columns; column += CK_PANEL)
        NAME(rows_by_panel)(
            rows, 0, count, NULL, 1, inner, p->panels + column * p->inner + k * CK_PANEL,
            p->bias && k == 0 ? p->bias + column : NULL,
            p->output + first * p->output_stride + column, p->output_stride, p->columns - column,
            p->accumulate || k > 0);
      k += inner;
    } while (k < p->inner);
  }
}

static void NAME(pack_transposed)(
    const float *right, size_t stride, size_t columns, size_t inner, float factor, float *panels) {
  for (size_t column = 0; column < columns; column += CK_PANEL, panels += inner * CK_PANEL) {
    size_t count = columns - column < CK_PANEL ? columns - column : CK_PANEL;
    if (count < CK_PANEL) memset(panels, 0, inner * CK_PANEL * sizeof(float));
    // Lines that stay in the first cache until all their columns are there.
    for (size_t first = 0; first < inner; first += 64) {
      size_t end = inner - first < 64 ? inner : first + 64;
      for (size_t c = 0; c < count; c++) {
        const float *source = right + (column + c) * stride;
        for (size_t k = first; k < end; k++) panels[k * CK_PANEL + c] = source[k] * factor;
      }
    }
  }
}

static void NAME(pack)(
    const float *right, size_t stride, size_t inner, size_t columns, float *panels) {
  for (size_t column = 0; column < columns; column += CK_PANEL, panels += inner * CK_PANEL) {
    size_t count = columns - column < CK_PANEL ? columns - column : CK_PANEL;
    for (size_t k = 0; k < inner; k++) {
      const float *source = right + k * stride + column;
      float *target = panels + k * CK_PANEL;
      for (size_t c = 0; c < count; c++) target[c] = source[c];
      for (size_t c = count; c < CK_PANEL; c++) target[c] = 0;
    }
  }
}

// What is added to a row's scores before the exponential.
INLINE V NAME(addend)(const float *bias, const float *regions, float own, size_t column) {
  V sum = bias ? NAME(load)(bias + column) : (V){};
  if (!regions) return sum;
  return sum - NAME(select)(NAME(load)(regions + column) != own, NAME(splat)(100), (V){});
}

static void NAME(exponentials)(
    float *rows, size_t stride, size_t row_count, size_t columns, const float *bias,
    size_t bias_stride, const float *regions, size_t first_row, float *sums) {
  size_t last = (columns - 1) / LANES * LANES;
  I valid = {};
  for (size_t lane = 0; lane < LANES; lane++) valid[lane] = lane < columns - last ? -1 : 0;
  for (size_t r = 0; r < row_count; r++, rows += stride) {
    const float *line = bias ? bias + r * bias_stride : NULL;
    float own = regions ? regions[first_row + r] : 0;
    V x = NAME(load)(rows + last) + NAME(addend)(line, regions, own, last);
    V largest = NAME(select)(valid, x, NAME(splat)(-INFINITY));
    NAME(store)(rows + last, largest);
    for (size_t c = 0; c < last; c += LANES) {
      x = NAME(load)(rows + c) + NAME(addend)(line, regions, own, c);
      NAME(store)(rows + c, x);
      largest = NAME(select)(x > largest, x, largest);
    }
    float maximum = -INFINITY;
    for (int lane = 0; lane < LANES; lane++)
      if (largest[lane] > maximum) maximum = largest[lane];
    V total = {}, second = {};
    for (size_t c = 0; c <= last; c += LANES) {
      V e = NAME(exponential)(NAME(load)(rows + c) - maximum);
      NAME(store)(rows + c, e);
      if (c & LANES) second += e; else total += e;
    }
    sums[r] = NAME(sum)(total) + NAME(sum)(second);
  }
}

// MARK: Direct convolution

// Pixels that meet each tap together.
enum { NAME(group) = 24 };

static void NAME(direct)(
    const struct ck_map *input, const float *zeros, const float *panels, long slices,
    size_t first_panel, size_t panel_count, const float *bias, long first_pixel, long pixel_count,
    const struct ck_map *output) {
  size_t inner = input->channels, panel_size = 9 * slices * inner * CK_PANEL;
  // Few enough taps at a time for their weights to stay in the first cache.
  size_t chunk = inner >= 512 ? 1 : 512 / inner;
  const float *rows[27 * NAME(group)];
  int taps[27];
  for (long first = 0; first < pixel_count; first += NAME(group)) {
    long count = pixel_count - first < NAME(group) ? pixel_count - first : NAME(group);
    long y[NAME(group)], x[NAME(group)], z[NAME(group)];
    const float *centre[NAME(group)];
    for (long r = 0; r < count; r++) {
      long pixel = first_pixel + first + r;
      z[r] = pixel % input->depth;
      x[r] = pixel / input->depth % input->width;
      y[r] = pixel / input->depth / input->width;
      centre[r] = input->values + pixel * (long)input->stride;
    }
    size_t tap_count = 0;
    for (int tap = 0; tap < 9 * slices; tap++) {
      long dy = tap / slices / 3 - 1, dx = tap / slices % 3 - 1, dz = tap % slices - slices / 2;
      long offset = ((dy * input->width + dx) * input->depth + dz) * (long)input->stride;
      const float **place = rows + tap_count * NAME(group);
      int inside = 0;
      for (long r = 0; r < count; r++) {
        int valid = y[r] + dy >= 0 && y[r] + dy < input->height && x[r] + dx >= 0 &&
                    x[r] + dx < input->width && z[r] + dz >= 0 && z[r] + dz < input->depth;
        place[r] = valid ? centre[r] + offset : zeros;
        inside |= valid;
      }
      // Taps that lie outside for every pixel add nothing.
      if (inside) taps[tap_count++] = tap;
    }
    for (size_t tap = 0; tap < tap_count; tap += chunk)
      for (size_t panel = first_panel; panel < first_panel + panel_count; panel++) {
        size_t column = panel * CK_PANEL;
        NAME(rows_by_panel)(
            rows + tap * NAME(group), NAME(group), (size_t)count, taps + tap,
            tap_count - tap < chunk ? tap_count - tap : chunk, inner, panels + panel * panel_size,
            bias && tap == 0 ? bias + column : NULL,
            output->values + (first_pixel + first) * (long)output->stride + column,
            output->stride, output->channels - column, tap > 0);
      }
  }
}

// MARK: Winograd
//
// F(4, 3): four outputs of a filter with three taps from six inputs, by six multiplications instead
// of twelve. The interpolation points are 0, +-1/sqrt 2, +-sqrt 2 and infinity. The usual 0, +-1,
// +-2, infinity give the same sums with integer coefficients but lose seven to ten times more digits
// in 32-bit floats. With L_i(x) the product of (x - p_m) over the finite points other than p_i, and
// N_i = L_i(p_i): inputs are combined by the coefficients of L_i, taps by the powers of p_i over N_i,
// and the products by the powers of p_i (S. Winograd, Arithmetic Complexity of Computations, 1980;
// Lavin and Gray, arXiv:1509.09308).

#define NEAR 0.707106781f
#define FAR 1.414213562f

#define TRANSFORM_INPUT(t, s)                                                                      \
  do {                                                                                             \
    V d0 = (t)[0], d1 = (t)[s], d2 = (t)[2 * (s)], d3 = (t)[3 * (s)], d4 = (t)[4 * (s)],           \
      d5 = (t)[5 * (s)];                                                                           \
    V near_even = d4 - d2 * 2.0f, near_odd = d3 * NEAR - d1 * FAR;                                 \
    V far_even = d4 - d2 * 0.5f, far_odd = d3 * FAR - d1 * NEAR;                                   \
    (t)[0] = d0 - d2 * 2.5f + d4;                                                                  \
    (t)[s] = near_even + near_odd;                                                                 \
    (t)[2 * (s)] = near_even - near_odd;                                                           \
    (t)[3 * (s)] = far_even + far_odd;                                                             \
    (t)[4 * (s)] = far_even - far_odd;                                                             \
    (t)[5 * (s)] = d5 - d3 * 2.5f + d1;                                                            \
  } while (0)

#define TRANSFORM_OUTPUT(t, s)                                                                     \
  do {                                                                                             \
    V m0 = (t)[0], m1 = (t)[s], m2 = (t)[2 * (s)], m3 = (t)[3 * (s)], m4 = (t)[4 * (s)],           \
      m5 = (t)[5 * (s)];                                                                           \
    V near_sum = m1 + m2, near_difference = (m1 - m2) * NEAR;                                      \
    V far_sum = m3 + m4, far_difference = (m3 - m4) * FAR;                                         \
    (t)[0] = m0 + near_sum + far_sum;                                                              \
    (t)[s] = near_difference + far_difference;                                                     \
    (t)[2 * (s)] = near_sum * 0.5f + far_sum * 2.0f;                                               \
    (t)[3 * (s)] = near_difference * 0.5f + far_difference * 2.0f + m5;                            \
  } while (0)

static void NAME(winograd_input)(
    const struct ck_map *map, const struct ck_pointwise *pointwise, long y, long x, long z,
    float *transformed, size_t position_stride) {
  V t[216];
  for (size_t c = 0; c < map->channels; c += LANES) {
    size_t count = map->channels - c;
    V scale = {}, shift = {};
    if (pointwise->scale) {
      scale = NAME(load)(pointwise->scale + c);
      shift = NAME(load)(pointwise->shift + c);
    }
    for (long i = 0; i < 6; i++) {
      long row = y - 1 + i;
      for (long j = 0; j < 6; j++) {
        V *line = t + (i * 6 + j) * 6;
        long column = x - 1 + j;
        if (row < 0 || row >= map->height || column < 0 || column >= map->width) {
          for (int k = 0; k < 6; k++) line[k] = (V){};
          continue;
        }
        const float *source =
            map->values + ((row * map->width + column) * map->depth + z - 1) * (long)map->stride + c;
        for (long k = 0; k < 6; k++, source += map->stride) {
          if (z - 1 + k < 0 || z - 1 + k >= map->depth) {
            line[k] = (V){};
            continue;
          }
          V v = NAME(load_part)(source, count);
          if (pointwise->scale) v = v * scale + shift;
          if (pointwise->slope != 1) v = NAME(rectify)(v, pointwise->slope);
          line[k] = v;
        }
        TRANSFORM_INPUT(line, 1);
      }
    }
    for (int i = 0; i < 6; i++)
      for (int k = 0; k < 6; k++) TRANSFORM_INPUT(t + i * 36 + k, 6);
    for (int j = 0; j < 36; j++) {
      V r[6];
      for (int i = 0; i < 6; i++) r[i] = t[i * 36 + j];
      TRANSFORM_INPUT(r, 1);
      for (int i = 0; i < 6; i++)
        NAME(store)(transformed + (i * 36 + j) * position_stride + c, r[i]);
    }
  }
}

// The same for images: 6 x 6 inputs to transformed[36][position_stride].
static void NAME(square_input)(
    const struct ck_map *map, long y, long x, float *transformed, size_t position_stride) {
  V t[36];
  for (size_t c = 0; c < map->channels; c += LANES) {
    size_t count = map->channels - c;
    for (long i = 0; i < 6; i++) {
      long row = y - 1 + i;
      for (long j = 0; j < 6; j++) {
        long column = x - 1 + j;
        int inside = row >= 0 && row < map->height && column >= 0 && column < map->width;
        const float *source = map->values + (row * map->width + column) * (long)map->stride + c;
        t[i * 6 + j] = inside ? NAME(load_part)(source, count) : (V){};
      }
      TRANSFORM_INPUT(t + i * 6, 1);
    }
    for (int j = 0; j < 6; j++) TRANSFORM_INPUT(t + j, 6);
    for (int p = 0; p < 36; p++)
      NAME(store_part)(transformed + p * position_stride + c, t[p], count);
  }
}

static void NAME(winograd_multiply)(
    const float *transformed, size_t tiles, size_t inner, size_t inner_stride,
    size_t position_stride, const float *weights, size_t panel_count, float *products,
    size_t product_stride) {
  for (size_t p = 0; p < 216; p++) {
    struct ck_matrix_product product = {
        transformed + p * position_stride, inner_stride, tiles, inner,
        weights + p * panel_count * inner * CK_PANEL, NULL, products + p * product_stride,
        panel_count * CK_PANEL, panel_count * CK_PANEL, 0};
    NAME(matrix_product)(&product);
  }
}

// Joins mean and squared deviations of `count` values to those of `before` (Chan, Golub, LeVeque).
INLINE void NAME(join)(
    struct ck_moments *moments, size_t c, size_t lanes, float before, float count, V mean,
    V squares) {
  V old_mean = NAME(load_part)(moments->mean + c, lanes);
  V old_squares = NAME(load_part)(moments->squares + c, lanes);
  V delta = mean - old_mean;
  NAME(store_part)(moments->mean + c, old_mean + delta * (count / (before + count)), lanes);
  NAME(store_part)(
      moments->squares + c,
      old_squares + squares + delta * delta * (before * count / (before + count)), lanes);
}

static void NAME(winograd_output)(
    const float *products, size_t position_stride, const float *bias, float slope,
    const struct ck_map *map, long y, long x, long z, struct ck_moments *moments) {
  long height = map->height - y < 4 ? map->height - y : 4;
  long width = map->width - x < 4 ? map->width - x : 4;
  long depth = map->depth - z < 4 ? map->depth - z : 4;
  float voxels = (float)(height * width * depth);
  V t[216];
  for (size_t c = 0; c < map->channels; c += LANES) {
    size_t count = map->channels - c < LANES ? map->channels - c : LANES;
    for (int j = 0; j < 36; j++) {
      V r[6];
      for (int i = 0; i < 6; i++)
        r[i] = NAME(load)(products + (i * 36 + j) * position_stride + c);
      TRANSFORM_OUTPUT(r, 1);
      for (int i = 0; i < 4; i++) t[i * 36 + j] = r[i];
    }
    for (int i = 0; i < 4; i++)
      for (int k = 0; k < 6; k++) TRANSFORM_OUTPUT(t + i * 36 + k, 6);
    V start = bias ? NAME(load)(bias + c) : (V){};
    V total = {};
    for (long i = 0; i < height; i++)
      for (long j = 0; j < width; j++) {
        V *line = t + i * 36 + j * 6;
        TRANSFORM_OUTPUT(line, 1);
        float *target =
            map->values + (((y + i) * map->width + x + j) * map->depth + z) * map->stride + c;
        for (long k = 0; k < depth; k++, target += map->stride) {
          V v = line[k] + start;
          if (slope != 1) v = NAME(rectify)(v, slope);
          NAME(store_part)(target, v, count);
          line[k] = v;
          total += v;
        }
      }
    if (!moments) continue;
    V mean = total * (1 / voxels), squares = {};
    for (long i = 0; i < height; i++)
      for (long j = 0; j < width; j++)
        for (long k = 0; k < depth; k++) {
          V d = t[i * 36 + j * 6 + k] - mean;
          squares += d * d;
        }
    NAME(join)(moments, c, count, moments->count, voxels, mean, squares);
  }
  if (moments) moments->count += voxels;
}

static void NAME(square_output)(
    const float *products, size_t position_stride, const float *bias, float slope,
    const struct ck_map *map, long y, long x) {
  long height = map->height - y < 4 ? map->height - y : 4;
  long width = map->width - x < 4 ? map->width - x : 4;
  V t[36];
  for (size_t c = 0; c < map->channels; c += LANES) {
    size_t count = map->channels - c;
    for (int p = 0; p < 36; p++) t[p] = NAME(load_part)(products + p * position_stride + c, count);
    for (int j = 0; j < 6; j++) TRANSFORM_OUTPUT(t + j, 6);
    V start = NAME(load)(bias + c);
    for (long i = 0; i < height; i++) {
      TRANSFORM_OUTPUT(t + i * 6, 1);
      float *target = map->values + ((y + i) * map->width + x) * (long)map->stride + c;
      for (long j = 0; j < width; j++, target += map->stride)
        NAME(store_part)(target, NAME(rectify)(t[i * 6 + j] + start, slope), count);
    }
  }
}

// MARK: Normalisation

static void NAME(moments)(
    const float *rows, size_t stride, size_t row_count, size_t channels,
    struct ck_moments *moments) {
  for (size_t first = 0; first < row_count; first += 64) {
    size_t count = row_count - first < 64 ? row_count - first : 64;
    const float *chunk = rows + first * stride;
    for (size_t c = 0; c < channels; c += LANES) {
      size_t lanes = channels - c < LANES ? channels - c : LANES;
      V total = {}, squares = {};
      for (size_t r = 0; r < count; r++) total += NAME(load_part)(chunk + r * stride + c, lanes);
      V mean = total * (1 / (float)count);
      for (size_t r = 0; r < count; r++) {
        V d = NAME(load_part)(chunk + r * stride + c, lanes) - mean;
        squares += d * d;
      }
      NAME(join)(moments, c, lanes, moments->count, (float)count, mean, squares);
    }
    moments->count += (float)count;
  }
}

static void NAME(pointwise)(
    const float *input, size_t stride, const struct ck_pointwise *own, const float *residual,
    size_t residual_stride, const struct ck_pointwise *other, size_t row_count, size_t channels,
    float *output, size_t output_stride) {
  for (size_t c = 0; c < channels; c += LANES) {
    size_t lanes = channels - c < LANES ? channels - c : LANES;
    V one = NAME(splat)(1);
    V scale = own->scale ? NAME(load)(own->scale + c) : one;
    V shift = own->scale ? NAME(load)(own->shift + c) : (V){};
    V residual_scale = other && other->scale ? NAME(load)(other->scale + c) : one;
    if (other && other->scale) shift += NAME(load)(other->shift + c);
    for (size_t r = 0; r < row_count; r++) {
      V v = NAME(load_part)(input + r * stride + c, lanes) * scale + shift;
      if (residual)
        v += NAME(load_part)(residual + r * residual_stride + c, lanes) * residual_scale;
      NAME(store_part)(output + r * output_stride + c, NAME(rectify)(v, own->slope), lanes);
    }
  }
}

typedef double NAME(double_vec) __attribute__((vector_size(8 * LANES)));
#define D NAME(double_vec)

INLINE double NAME(double_sum)(D v) {
  double total = 0;
  for (int lane = 0; lane < LANES; lane++) total += v[lane];
  return total;
}

// Of each row: the mean to a float and what its rounding left out, then the squares of the
// deviations; partial sums go to doubles after eight vectors.
static void NAME(layer_norm)(
    const float *input, size_t stride, size_t row_count, size_t columns, const float *weight,
    const float *bias, double epsilon, float *output, size_t output_stride) {
  size_t piece = 8 * LANES;
  for (size_t r = 0; r < row_count; r++, input += stride, output += output_stride) {
    D total = {}, rest = {}, squares = {};
    for (size_t first = 0; first < columns; first += piece) {
      size_t end = columns - first < piece ? columns : first + piece;
      V sum = {};
      for (size_t c = first; c < end; c += LANES) sum += NAME(load_part)(input + c, end - c);
      total += __builtin_convertvector(sum, D);
    }
    float mean = (float)(NAME(double_sum)(total) / columns);
    for (size_t first = 0; first < columns; first += piece) {
      size_t end = columns - first < piece ? columns : first + piece;
      V sum = {}, square = {};
      for (size_t c = first; c < end; c += LANES) {
        V d = NAME(load_part)(input + c, end - c) - mean;
        // Lanes beyond the row count for nothing.
        for (size_t lane = end - c; lane < LANES; lane++) d[lane] = 0;
        sum += d;
        square += d * d;
      }
      rest += __builtin_convertvector(sum, D);
      squares += __builtin_convertvector(square, D);
    }
    double correction = NAME(double_sum)(rest) / columns;
    double variance = NAME(double_sum)(squares) / columns - correction * correction;
    float scale = (float)(1 / sqrt(variance + epsilon));
    for (size_t c = 0; c < columns; c += LANES) {
      V centred = NAME(load_part)(input + c, columns - c) - mean - (float)correction;
      NAME(store_part)(
          output + c, centred * scale * NAME(load)(weight + c) + NAME(load)(bias + c),
          columns - c);
    }
  }
}

static const struct ck_kernels NAME(kernels) = {
    TEXT(NAME(kernels)), NAME(matrix_product), NAME(pack_transposed), NAME(pack),
    NAME(activate), NAME(exponentials), NAME(direct), NAME(winograd_input),
    NAME(winograd_multiply), NAME(winograd_output), NAME(square_input), NAME(square_output),
    NAME(moments), NAME(pointwise), NAME(layer_norm)};

#undef V
#undef I
#undef D
#undef INLINE
#undef MICRO
#undef RUN
#undef WIDTH
#undef NEAR
#undef FAR
#undef TRANSFORM_INPUT
#undef TRANSFORM_OUTPUT

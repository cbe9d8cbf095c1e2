// Matrix products of a few rows with packed weights, held in registers.
//
// Packed weights stand in tiles of columns; within a tile, for each row k of the matrix, the tile's vectors follow each
// other, so that a product reads its weights once, in a straight line.
#pragma once
#include "vector.h"

namespace {

// As many rows as leave room in the registers for their sums and a tile's weights.
constexpr int kMostRows = MNEMON_BYTES == 64 ? 6 : MNEMON_BYTES == 32 ? 3 : 2;
constexpr int kTile = 4;  // vectors

INLINE int64_t tiles(int64_t count, int64_t size) { return (count + size - 1) / size; }

// Products are taken in tiles of some rows by some vectors of columns, whose sizes are constants of the compiler.
template <int M>
struct Size {
  static constexpr int value = M;
};

template <int MOST, class F>
INLINE void with_size(int64_t size, F&& f) {
  if constexpr (MOST > 1) {
    if (size < MOST) return with_size<MOST - 1>(size, f);
  }
  f(Size<MOST>{});
}

template <class F>
INLINE void over_tiles(int64_t rows, int64_t vectors, F&& f) {
  for (int64_t v = 0; v < vectors; v += kTile)
    with_size<kTile>(vectors - v, [&](auto width) INLINE_LAMBDA {
      int64_t left = tiles(rows, kMostRows);
      for (int64_t first = 0; first < rows; --left) {  // of nearly equal size
        const int64_t now = tiles(rows - first, left);
        with_size<kMostRows>(now, [&](auto height) INLINE_LAMBDA { f(height, first, width, v); });
        first += now;
      }
    });
}

enum class Begin { kZero, kBias, kAdd };

// out[row] = begin + sum over segments g and k of rows[row][g * stride + k] * weights[g, k], for `vectors` columns from
// `from` on, which is a multiple of the tile.
//
// Few sums leave the multipliers waiting for each other: then several partial sums run side by side.
template <class T>
__attribute__((noinline)) void product(const T* const* rows, int64_t count, int segments, int64_t stride, int64_t depth,
                                       const T* weights, int64_t from, int64_t vectors, Begin begin, const T* bias,
                                       T* const* out, int64_t columns) {
  constexpr int lanes = Lanes<T>::count;
  const bool whole = columns >= (from + vectors) * lanes;
  over_tiles(count, vectors, [&](auto height, int64_t first, auto width, int64_t tile) INLINE_LAMBDA {
    const int64_t v = from + tile;
    constexpr int M = decltype(height)::value, N = decltype(width)::value;
    constexpr int side = M * N >= 8 ? 1 : M * N >= 4 ? 2 : M * N >= 2 ? 4 : 8;
    Vec<T> acc[side][M][N] = {};
    const T* row[M];
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      row[m] = rows[first + m];
      if (begin == Begin::kZero) continue;
      const T* initial = (begin == Begin::kBias ? bias : out[first + m]) + v * lanes;
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) acc[0][m][j] = load(initial + j * lanes);
    }
    const T* at = weights + v * segments * depth * lanes;
    for (int g = 0; g < segments; ++g) {
      int64_t k = 0;
      for (; k + side <= depth; k += side) {
#pragma GCC unroll 8
        for (int s = 0; s < side; ++s)
#pragma GCC unroll 8
          for (int j = 0; j < N; ++j, at += lanes) {
            Vec<T> w = load(at);
#pragma GCC unroll 8
            for (int m = 0; m < M; ++m) acc[s][m][j] += row[m][k + s] * w;
          }
      }
      if constexpr (side > 1)
        for (; k < depth; ++k)
#pragma GCC unroll 8
          for (int j = 0; j < N; ++j, at += lanes) {
            Vec<T> w = load(at);
#pragma GCC unroll 8
            for (int m = 0; m < M; ++m) acc[0][m][j] += row[m][k] * w;
          }
#pragma GCC unroll 8
      for (int m = 0; m < M; ++m) row[m] += stride;
    }
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) {
#pragma GCC unroll 8
        for (int s = 1; s < side; ++s) acc[0][m][j] += acc[s][m][j];
        T* to = out[first + m] + (v + j) * lanes;
        if (whole) store(to, acc[0][m][j]);
        else store_some(to, acc[0][m][j], columns - (v + j) * lanes);
      }
  });
}

// sum[k][column] += sum over rows of left[row][k] * right[row][column], for `vectors` of the `all` vectors of columns from
// `from` on: gradients of weights.
template <class T>
__attribute__((noinline)) void outer(T* sum, const T* const* left, const T* const* right, int64_t rows, int64_t depth,
                                     int64_t from, int64_t vectors, int64_t all) {
  constexpr int lanes = Lanes<T>::count;
  over_tiles(depth, vectors, [&](auto height, int64_t k, auto width, int64_t tile) INLINE_LAMBDA {
    const int64_t v = from + tile;
    constexpr int M = decltype(height)::value, N = decltype(width)::value;
    Vec<T> acc[M][N];
    T* to = sum + (k * all + v) * lanes;
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) acc[m][j] = load(to + (m * all + j) * lanes);
    for (int64_t r = 0; r < rows; ++r) {
      const T* a = left[r] + k;
      const T* d = right[r] + v * lanes;
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) {
        Vec<T> w = load(d + j * lanes);
#pragma GCC unroll 8
        for (int m = 0; m < M; ++m) acc[m][j] += a[m] * w;
      }
    }
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) store(to + (m * all + j) * lanes, acc[m][j]);
  });
}

// A matrix turned over, block by block: `from(row, k, count)` gives `count` numbers of a row from `k` on, and anything
// behind them; `to(k, row, v)` takes the numbers k of as many rows as a vector has lanes, zeros where there are no more.
template <class T, class From, class To>
INLINE void turn(int64_t rows, int64_t depth, From&& from, To&& to) {
  constexpr int lanes = Lanes<T>::count;
  for (int64_t row = 0; row < rows; row += lanes)
    for (int64_t k = 0; k < depth; k += lanes) {
      const int some = int(smaller(rows - row, lanes)), count = int(smaller(depth - k, lanes));
      Vec<T> v[lanes];
#pragma GCC unroll 16
      for (int m = 0; m < lanes; ++m) v[m] = m < some ? from(row + m, k, count) : Vec<T>{};
      turn_over<T>(v);
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i)
        if (i < count) to(k + i, row, v[i]);
    }
}

// Weights for `product`: `column` says where the first row of a column stands (null: zeros), the other rows follow at
// distance `row`, and the other segments at distance `segment`. Rows that are not at distance 1 hold the columns of a
// vector side by side, null ones last.
template <class T, class Column>
INLINE void pack(T* to, int segments, int64_t segment, int64_t depth, int64_t row, int64_t vectors, Column&& column) {
  constexpr int lanes = Lanes<T>::count;
  for (int64_t v = 0; v < vectors; v += kTile) {
    const int columns = int(smaller(kTile, vectors - v)) * lanes;
    const T* from[kTile * lanes];
    for (int c = 0; c < columns; ++c) from[c] = column(v * lanes + c);
    for (int g = 0; g < segments; ++g, to += depth * columns)
      for (int first = 0; first < columns; first += lanes) {
        const T* const* own = from + first;
        int64_t some = 0;
        while (some < lanes && own[some]) ++some;
        if (row == 1)
          turn<T>(
              lanes, depth,
              [&](int64_t c, int64_t k, int64_t count) INLINE_LAMBDA {
                return own[c] ? load_some(own[c] + g * segment + k, count) : Vec<T>{};
              },
              [&](int64_t k, int64_t, Vec<T> v) INLINE_LAMBDA { store(to + k * columns + first, v); });
        else
          for (int64_t k = 0; k < depth; ++k)
            store(to + k * columns + first, some ? load_some(own[0] + g * segment + k * row, some) : Vec<T>{});
      }
  }
}

}  // namespace

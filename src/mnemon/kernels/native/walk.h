// The walks over time: one template for every cell, forward and backward.
//
// A slice of a batch is walked by one thread, its sequences sorted by length, so that those still alive are the first.
// The products with the inputs are taken for a few steps at a time, which stay in the cache until they are used. On the
// way back the errors of the nets of a few steps are gathered, and the gradients of the weights are products over them.
#pragma once
#include "cells.h"
#include "job.h"
#include "product.h"

namespace {

using mnemon::Arena;
using mnemon::Job;
using mnemon::Packed;

template <class T>
INLINE void copy(T* to, const T* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i];
}

template <class T>
INLINE void clear(T* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = T(0);
}

// Numbers that stay in the cache, for the nets of a few steps.
constexpr int64_t kForwardBytes = 64 << 10, kBackwardBytes = 192 << 10, kFewestRows = 24;

template <class Cell, class T>
struct Walk {
  static constexpr int lanes = Lanes<T>::count, G = Cell::groups, IG = Cell::input_groups, RG = Cell::recurrent_groups;
  static constexpr int R0 = Cell::recurrent_first, SG = Cell::sources, KEPT = Cell::kept;
  typedef Vec<T> V;

  const Job<T>& job;
  const Packed<T>& packed;
  Arena* arena;
  int64_t member, rows, n, nv, np, steps;
  int64_t *sequence, *length, *alive;  // by row; by row; by step (steps + 2 entries)
  // This member's arrays.
  const T *x, *s0, *c0, *dy, *ds, *dc;
  T *y, *kept, *s_end, *c_end, *dx, *ds0, *dc0;

  static int64_t vectors(int64_t units) { return tiles(units, lanes); }

  Walk(const Job<T>& job_, int64_t member_, int64_t slice, const Packed<T>& packed_, Arena* arena_)
      : job(job_), packed(packed_), arena(arena_), member(member_) {
    n = job.units, nv = vectors(n), np = nv * lanes;
    // Sequences are dealt to the slices in turn, so that each gets long and short ones.
    rows = (job.batch - slice + job.slices - 1) / job.slices;
    sequence = arena->template take<int64_t>(rows);
    length = arena->template take<int64_t>(rows);
    steps = 0;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = r * job.slices + slice;
      sequence[r] = job.order ? job.order[member * job.order_member + at] : at;
      length[r] = job.lengths ? smaller(job.lengths[member * job.lengths_member + sequence[r]], job.time) : job.time;
      if (length[r] < 0) length[r] = 0;
      if (length[r] > steps) steps = length[r];
    }
    alive = arena->template take<int64_t>(steps + 2);
    int64_t living = rows;
    for (int64_t s = 0; s < steps + 2; ++s) {
      while (living > 0 && length[living - 1] <= s) --living;
      alive[s] = living;
    }
    const int64_t sources = job.batch * SG * n, cells = job.batch * n;
    x = of(job.x, job.x_member), s0 = of(job.s0, job.s0_member), c0 = of(job.c0, job.c0_member);
    y = of(job.y, job.y_member), kept = of(job.kept, job.kept_member);
    dy = of(job.dy, job.dy_member), ds = of(job.ds, job.ds_member), dc = of(job.dc, job.dc_member);
    s_end = of(job.s, sources), c_end = of(job.c, cells);
    dx = of(job.dx, job.batch * job.time * job.inputs), ds0 = of(job.ds0, sources), dc0 = of(job.dc0, cells);
  }

  template <class A>
  INLINE A* of(A* array, int64_t distance) const {
    return array ? array + member * distance : nullptr;
  }

  // Where a row's step stands in an array (batch, time, size).
  template <class A>
  INLINE A* of_time(A* array, int64_t row, int64_t step, int64_t size) const {
    return array + (sequence[row] * job.time + (job.reverse ? length[row] - 1 - step : step)) * size;
  }
  INLINE T* kept_at(int64_t row, int64_t step) const {
    return kept + (sequence[row] * job.time + step) * KEPT * np;
  }
  int64_t chunk_of(int64_t bytes) const {
    int64_t slot = rows * G * np * int64_t(sizeof(T));
    int64_t chunk = bytes / slot, least = tiles(kFewestRows, rows);
    chunk = chunk < least ? least : chunk;
    return chunk < 1 ? 1 : smaller(chunk, steps);
  }

  void peepholes(V (&peep)[3], int64_t at) const {
    if constexpr (Cell::has_peepholes)
      if (packed.p)
        for (int j = 0; j < 3; ++j) peep[j] = load(packed.p + j * np + at);
  }

  void forward() {
    T* now = arena->template take<T>(rows * SG * np);
    T* next = arena->template take<T>(rows * SG * np);
    T* cells = arena->template take<T>(rows * np);
    clear(now, rows * SG * np), clear(next, rows * SG * np), clear(cells, rows * np);
    for (int64_t r = 0; r < rows; ++r) {
      if (s0)
        for (int g = 0; g < SG; ++g) copy(now + (r * SG + g) * np, s0 + (sequence[r] * SG + g) * n, n);
      if (c0) copy(cells + r * np, c0 + sequence[r] * n, n);
      if (length[r] == 0) end(r, now, cells);
    }
    const int64_t chunk = chunk_of(kForwardBytes), slot = rows * G * np;
    T* nets = arena->template take<T>(chunk * slot);
    const T** from_rows = arena->template take<const T*>(chunk * rows);
    T** to = arena->template take<T*>(chunk * rows);

    for (int64_t from = 0; from < steps; from += chunk) {
      const int64_t until = smaller(from + chunk, steps);
      int64_t count = 0;
      for (int64_t s = from; s < until; ++s)
        for (int64_t r = 0; r < alive[s]; ++r) {
          from_rows[count] = of_time(x, r, s, job.inputs);
          to[count++] = nets + (s - from) * slot + r * G * np;
        }
      product<T>(from_rows, count, 1, 0, job.inputs, packed.w, IG * nv, Begin::kBias, packed.b, to, IG * np);
      for (int64_t s = from; s < until; ++s) {
        T* here = nets + (s - from) * slot;
        for (int64_t r = 0; r < alive[s]; ++r) {
          from_rows[r] = now + r * SG * np;
          to[r] = here + (r * G + R0) * np;
          for (int g = IG; g < G; ++g) copy(here + (r * G + g) * np, packed.b + g * np, np);
        }
        product<T>(from_rows, alive[s], SG, np, n, packed.u, RG * nv, Begin::kAdd, nullptr, to, RG * np);
        for (int64_t r = 0; r < alive[s]; ++r) forward_step(r, s, here + r * G * np, now, next, cells);
        for (int64_t r = alive[s + 1]; r < alive[s]; ++r) end(r, next, cells);
        T* swap = now;
        now = next, next = swap;
      }
    }
  }

  INLINE void forward_step(int64_t r, int64_t s, const T* nets, const T* now, T* next, T* cells) {
    T* out_at = of_time(y, r, s, n);
    T* to = kept ? kept_at(r, s) : nullptr;
    for (int64_t at = 0; at < np; at += lanes) {
      V net[G], out[SG], keep[KEPT + 1], before{}, cell{}, peep[3] = {};
      peepholes(peep, at);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) net[g] = load(nets + g * np + at);
      if constexpr (Cell::reads_source) before = load(now + r * SG * np + at);
      if constexpr (Cell::has_cells) cell = load(cells + r * np + at);
      Cell::forward(job.variant, net, before, cell, out, keep, peep);
      if constexpr (Cell::has_cells) store(cells + r * np + at, cell);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) store(next + (r * SG + g) * np + at, out[g]);
      store_some(out_at + at, out[0], n - at);
      if (KEPT && to) {
#pragma GCC unroll 8
        for (int k = 0; k < KEPT; ++k) store(to + k * np + at, keep[k]);
      }
    }
  }

  // A sequence's end: its final state, and its last output for all that lies behind.
  void end(int64_t r, const T* sources, const T* cells) {
    for (int g = 0; g < SG; ++g) copy(s_end + (sequence[r] * SG + g) * n, sources + (r * SG + g) * np, n);
    if (Cell::has_cells) copy(c_end + sequence[r] * n, cells + r * np, n);
    T* behind = y + sequence[r] * job.time * n;
    for (int64_t t = length[r]; t < job.time; ++t) copy(behind + t * n, sources + r * SG * np, n);
  }

  void backward() {
    const int64_t chunk = chunk_of(kBackwardBytes), slot = rows * G * np;
    T* direct = arena->template take<T>(rows * SG * np);  // errors of the sources, from all that comes after a step
    T* cell_errors = arena->template take<T>(rows * np);
    T* nets = arena->template take<T>((chunk + 1) * slot);
    T* zeros = arena->template take<T>(SG * np);
    T* one = arena->template take<T>(1);
    const T** left = arena->template take<const T*>(chunk * rows);
    const T** right = arena->template take<const T*>(chunk * rows);
    T** to = arena->template take<T*>(chunk * rows);
    clear(direct, rows * SG * np), clear(cell_errors, rows * np), clear(nets, (chunk + 1) * slot);
    clear(zeros, SG * np);
    one[0] = T(1);
    if (dx)
      for (int64_t r = 0; r < rows; ++r)
        clear(dx + (sequence[r] * job.time + length[r]) * job.inputs, (job.time - length[r]) * job.inputs);

    for (int64_t from = steps ? (steps - 1) / chunk * chunk : -1; from >= 0; from -= chunk) {
      const int64_t until = smaller(from + chunk, steps);
      for (int64_t s = until - 1; s >= from; --s) {
        T* here = nets + (s - from) * slot;
        through_weights(here + slot, alive[s + 1], direct, left, to);
        if (job.truncate)
          for (int64_t r = 0; r < alive[s + 1]; ++r)
            if ((length[r] - s - 1) % job.truncate == 0) {
              clear(direct + r * SG * np, SG * np);
              clear(cell_errors + r * np, np);
            }
        for (int64_t r = alive[s + 1]; r < alive[s]; ++r) begin(r, direct, cell_errors);
        for (int64_t r = 0; r < alive[s]; ++r) backward_step(r, s, here + r * G * np, direct, cell_errors);
      }
      weight_gradients(from, until, nets, zeros, one, left, right, to);
      copy(nets + chunk * slot, nets, slot);
    }
    if (!ds0 && !dc0) return;
    through_weights(nets, alive[0], direct, left, to);
    for (int64_t r = 0; r < rows; ++r) {
      if (length[r] == 0) begin(r, direct, cell_errors);
      if (ds0)
        for (int g = 0; g < SG; ++g) copy(ds0 + (sequence[r] * SG + g) * n, direct + (r * SG + g) * np, n);
      if (dc0 && Cell::has_cells) copy(dc0 + sequence[r] * n, cell_errors + r * np, n);
    }
  }

  INLINE void backward_step(int64_t r, int64_t s, T* nets, T* direct, T* cell_errors) {
    const T* dy_at = dy ? of_time(dy, r, s, n) : nullptr;
    const T* after_at = KEPT == 0 ? of_time(y, r, s, n) : nullptr;
    const T* before_at = source(r, s, 0, nullptr);
    const T* keep_at = KEPT ? kept_at(r, s) : nullptr;
    const T* cells_at = Cell::has_cells && s ? kept_at(r, s - 1) + 4 * np : nullptr;
    const T* first_cells = c0 ? c0 + sequence[r] * n : nullptr;
    for (int64_t at = 0; at < np; at += lanes) {
      V error[SG], net_error[G], out[SG], keep[KEPT + 1], cells{}, before{}, after{}, cell_error{};
      V peep[3] = {}, peep_error[3] = {};
      peepholes(peep, at);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) error[g] = load(direct + (r * SG + g) * np + at);
      if (dy_at) error[0] += load_some(dy_at + at, n - at);
#pragma GCC unroll 8
      for (int k = 0; k < KEPT; ++k) keep[k] = load(keep_at + k * np + at);
      if constexpr (Cell::has_cells) {
        cell_error = load(cell_errors + r * np + at);
        if (s) cells = load(cells_at + at);
        else if (first_cells) cells = load_some(first_cells + at, n - at);
      }
      if constexpr (Cell::reads_source)
        if (before_at) before = load_some(before_at + at, n - at);
      if constexpr (KEPT == 0) after = load_some(after_at + at, n - at);
      Cell::backward(job.variant, error, cells, before, after, keep, cell_error, net_error, out, peep, peep_error);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) store(nets + g * np + at, net_error[g]);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) store(direct + (r * SG + g) * np + at, out[g]);
      if constexpr (Cell::has_cells) store(cell_errors + r * np + at, cell_error);
      if constexpr (Cell::has_peepholes)
        if (packed.dp)
          for (int k = 0; k < 3; ++k) {
            T* sum = packed.dp + k * np + at;
            store(sum, load(sum) + peep_error[k]);
          }
    }
  }

  // Adds what the errors of a step's nets say of the sources before it.
  void through_weights(const T* nets, int64_t count, T* direct, const T** from, T** to) const {
    for (int64_t r = 0; r < count; ++r) {
      from[r] = nets + (r * G + R0) * np;
      to[r] = direct + r * SG * np;
    }
    product<T>(from, count, RG, np, n, packed.ub, SG * nv, Begin::kAdd, nullptr, to, SG * np);
  }

  void weight_gradients(int64_t from, int64_t until, T* nets, const T* zeros, const T* one, const T** left,
                        const T** right, T** to) {
    const int64_t slot = rows * G * np;
    auto list = [&](auto** rows_of, auto&& at) INLINE_LAMBDA {
      int64_t count = 0;
      for (int64_t s = from; s < until; ++s)
        for (int64_t r = 0; r < alive[s]; ++r) rows_of[count++] = at(r, s);
      return count;
    };
    const int64_t count = list(right, [&](int64_t r, int64_t s) { return nets + (s - from) * slot + r * G * np; });
    list(left, [&](int64_t r, int64_t s) { return of_time(x, r, s, job.inputs); });
    outer<T>(packed.dw, left, right, count, job.inputs, IG * nv);
    list(left, [&](int64_t, int64_t) { return one; });
    outer<T>(packed.db, left, right, count, 1, G * nv);
    if (dx) {
      list(to, [&](int64_t r, int64_t s) { return of_time(dx, r, s, job.inputs); });
      product<T>(right, count, IG, np, n, packed.wb, vectors(job.inputs), Begin::kZero, nullptr, to, job.inputs);
    }
    for (int64_t k = 0; k < count; ++k) right[k] += R0 * np;
    for (int g = 0; g < SG; ++g) {
      list(left, [&](int64_t r, int64_t s) {
        const T* at = source(r, s, g, zeros);
        return at ? at : zeros;
      });
      outer<T>(packed.du + g * n * RG * np, left, right, count, n, RG * nv);
    }
  }

  // What a recurrent source held before a step.
  INLINE const T* source(int64_t r, int64_t s, int g, const T* zeros) const {
    if (s == 0) return s0 ? s0 + (sequence[r] * SG + g) * n : zeros;
    return g == 0 ? of_time(y, r, s - 1, n) : kept_at(r, s - 1) + (g - 1) * np;
  }

  // Errors that enter a sequence at its end: those of its final state, and of the outputs repeated behind it.
  void begin(int64_t r, T* direct, T* cell_errors) {
    for (int g = 0; g < SG; ++g) copy(direct + (r * SG + g) * np, ds + (sequence[r] * SG + g) * n, n);
    if (Cell::has_cells) copy(cell_errors + r * np, dc + sequence[r] * n, n);
    if (!dy) return;
    const T* behind = dy + sequence[r] * job.time * n;
    for (int64_t t = length[r]; t < job.time; ++t)
      for (int64_t i = 0; i < n; ++i) direct[r * SG * np + i] += behind[t * n + i];
  }

  static void pack_forward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    const int64_t n = job.units, nv = vectors(n), np = nv * lanes, inputs = job.inputs;
    const T *w = job.w + member * job.w_member, *u = job.u + member * job.u_member, *b = job.b + member * job.b_member;
    to->w = arena->template take<T>(IG * np * inputs);
    pack<T>(to->w, 1, 0, inputs, 1, IG * nv, [&](int64_t column) {
      const int64_t g = column / np, unit = column % np;
      return unit < n ? w + (g * n + unit) * inputs : nullptr;
    });
    to->u = arena->template take<T>(SG * n * RG * np);
    pack<T>(to->u, SG, n, n, 1, RG * nv, [&](int64_t column) {
      const int64_t g = column / np, unit = column % np;
      return unit < n ? u + (g * n + unit) * SG * n : nullptr;
    });
    to->b = padded(b, G, n, np, arena);
    to->p = job.p ? padded(job.p + member * job.p_member, 3, n, np, arena) : nullptr;
  }

  static void pack_backward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    const int64_t n = job.units, nv = vectors(n), np = nv * lanes, inputs = job.inputs;
    const T *w = job.w + member * job.w_member, *u = job.u + member * job.u_member;
    to->ub = arena->template take<T>(SG * np * RG * n);
    pack<T>(to->ub, RG, n * SG * n, n, SG * n, SG * nv, [&](int64_t column) {
      const int64_t g = column / np, unit = column % np;
      return unit < n ? u + g * n + unit : nullptr;
    });
    to->wb = nullptr;
    if (job.dx) {
      to->wb = arena->template take<T>(IG * n * vectors(inputs) * lanes);
      pack<T>(to->wb, IG, n * inputs, n, inputs, vectors(inputs),
              [&](int64_t column) { return column < inputs ? w + column : nullptr; });
    }
    to->p = job.p ? padded(job.p + member * job.p_member, 3, n, np, arena) : nullptr;
  }

  static T* padded(const T* from, int groups, int64_t n, int64_t np, Arena* arena) {
    T* to = arena->template take<T>(groups * np);
    clear(to, groups * np);
    for (int g = 0; g < groups; ++g) copy(to + g * np, from + g * n, n);
    return to;
  }

  static void gradients(const Job<T>& job, Packed<T>* to, Arena* arena) {
    const int64_t np = vectors(job.units) * lanes;
    const int64_t dw = job.inputs * IG * np, du = SG * job.units * RG * np, db = G * np, dp = job.p ? 3 * np : 0;
    T* all_of_them = arena->template take<T>(dw + du + db + dp);
    clear(all_of_them, dw + du + db + dp);
    to->dw = all_of_them, to->du = to->dw + dw, to->db = to->du + du, to->dp = job.p ? to->db + db : nullptr;
  }

  static void deliver(const Job<T>& job, int64_t member, const Packed<T>* slices) {
    const int64_t n = job.units, np = vectors(n) * lanes, inputs = job.inputs;
    auto sum = [&](T* Packed<T>::*what, int64_t at) INLINE_LAMBDA {
      T total = (slices[0].*what)[at];
      for (int64_t k = 1; k < job.slices; ++k) total += (slices[k].*what)[at];
      return total;
    };
    T *dw = job.dw + member * IG * n * inputs, *du = job.du + member * RG * n * SG * n, *db = job.db + member * G * n;
    for (int64_t g = 0; g < IG; ++g)
      for (int64_t unit = 0; unit < n; ++unit)
        for (int64_t k = 0; k < inputs; ++k) *dw++ = sum(&Packed<T>::dw, k * IG * np + g * np + unit);
    for (int64_t g = 0; g < RG; ++g)
      for (int64_t unit = 0; unit < n; ++unit)
        for (int64_t k = 0; k < SG * n; ++k) *du++ = sum(&Packed<T>::du, k * RG * np + g * np + unit);
    for (int64_t g = 0; g < G; ++g)
      for (int64_t unit = 0; unit < n; ++unit) *db++ = sum(&Packed<T>::db, g * np + unit);
    if (job.p)
      for (int64_t g = 0; g < 3; ++g)
        for (int64_t unit = 0; unit < n; ++unit)
          job.dp[(member * 3 + g) * n + unit] = sum(&Packed<T>::dp, g * np + unit);
  }
};

}  // namespace

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
using mnemon::Team;

template <class T>
INLINE void copy(T* to, const T* from, int64_t count) {
  constexpr int lanes = Lanes<T>::count;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store(to + i, load(from + i));
  if (i < count) store_part(to + i, load_part(from + i, count - i), count - i);
}

template <class T>
INLINE void clear(T* to, int64_t count) {
  constexpr int lanes = Lanes<T>::count;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store(to + i, Vec<T>{});
  if (i < count) store_part(to + i, Vec<T>{}, count - i);
}

// Where the column of each unit of each group begins, for `pack`: asked for in their order, so that nothing is divided.
template <class T>
struct Columns {
  const T* base;
  int64_t units, padded, distance, group_distance;
  int64_t group = 0, unit = 0;
  INLINE const T* operator()(int64_t) {
    const T* at = unit < units ? base + group * group_distance + unit * distance : nullptr;
    if (++unit == padded) unit = 0, ++group;
    return at;
  }
};

// What the nets of a few steps may take to stay in the cache; and so many rows at least, for their products to be quick.
constexpr int64_t kForwardBytes = 64 << 10, kBackwardBytes = 192 << 10, kFewestRows = 24;
// Recurrent weights from which threads take a step together: of a few sequences, in bytes; of many, in caches of a core.
constexpr int64_t kFewRowsBytes = 500 << 10;
constexpr double kManyRowsCaches = 1.4;

template <class Cell, class T>
struct Walk {
  static constexpr int lanes = Lanes<T>::count, G = Cell::groups, IG = Cell::input_groups, RG = Cell::recurrent_groups;
  static constexpr int R0 = Cell::recurrent_first, SG = Cell::sources, KEPT = Cell::kept;
  typedef Vec<T> V;

  const Job<T>& job;
  const Packed<T>& packed;
  Arena* arena;
  Team* team;
  int parts;
  int64_t member, rows, n, nv, np, steps, chunk;
  int64_t *sequence, *length, *origin;  // by row: which of the batch, how long, and where its first step stands
  int64_t* alive;                       // by step (steps + 2 entries): rows that have not ended
  // This member's arrays.
  const T *x, *s0, *c0, *dy, *ds, *dc;
  const int32_t* symbols;
  T *y, *kept, *s_end, *c_end, *dx, *ds0, *dc0, *es, *ec;
  // Room of a walk: states in turns, cells or their errors, nets or their errors of a few steps (and of the step after
  // them), and errors of the sources from all that comes after a step.
  T *states[2], *cells, *nets, *direct, *zeros;
  const T **left, **right;
  T** to;

  static int64_t vectors(int64_t units) { return tiles(units, lanes); }

  Walk(const Job<T>& job_, int64_t member_, int64_t slice, const Packed<T>& packed_, Arena* arena_, Team* team_)
      : job(job_), packed(packed_), arena(arena_), team(team_), parts(team_ ? team_->parts : 1), member(member_) {
    n = job.units, nv = vectors(n), np = nv * lanes;
    // Sequences are dealt to the slices in turn, so that each gets long and short ones.
    rows = (job.batch - slice + job.slices - 1) / job.slices;
    sequence = arena->template take<int64_t>(rows);
    length = arena->template take<int64_t>(rows);
    origin = arena->template take<int64_t>(rows);
    steps = 0;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = r * job.slices + slice;
      sequence[r] = job.order ? job.order[member * job.order_member + at] : at;
      length[r] = job.lengths ? smaller(job.lengths[member * job.lengths_member + sequence[r]], job.time) : job.time;
      if (length[r] < 0) length[r] = 0;
      if (length[r] > steps) steps = length[r];
      origin[r] = sequence[r] * job.time + (job.reverse ? length[r] - 1 : 0);
    }
    alive = arena->template take<int64_t>(steps + 2);
    int64_t living = rows;
    for (int64_t s = 0; s < steps + 2; ++s) {
      while (living > 0 && length[living - 1] <= s) --living;
      alive[s] = living;
    }
    const int64_t all_sources = job.batch * SG * n, all_cells = job.batch * n;
    x = of(job.x, job.x_member), symbols = of(job.symbols, job.symbols_member);
    s0 = of(job.s0, job.s0_member), c0 = of(job.c0, job.c0_member);
    y = of(job.y, job.y_member), kept = of(job.kept, job.kept_member);
    dy = of(job.dy, job.dy_member), ds = of(job.ds, job.ds_member), dc = of(job.dc, job.dc_member);
    s_end = of(job.s, all_sources), c_end = of(job.c, all_cells);
    dx = of(job.dx, job.batch * job.time * job.inputs), ds0 = of(job.ds0, all_sources), dc0 = of(job.dc0, all_cells);
    es = of(job.es, job.time * all_sources), ec = of(job.ec, job.time * all_cells);
  }

  template <class A>
  INLINE A* of(A* array, int64_t distance) const {
    return array ? array + member * distance : nullptr;
  }

  // Where a row's step stands in an array (batch, time, size).
  template <class A>
  INLINE A* of_time(A* array, int64_t row, int64_t step, int64_t size) const {
    return array + (origin[row] + (job.reverse ? -step : step)) * size;
  }
  // The row of a step's symbol in a table of them; `none` where it is no input.
  template <class A>
  INLINE A* of_symbol(A* table, int64_t row, int64_t step, A* none) const {
    const int64_t symbol = *of_time(symbols, row, step, 1);
    return symbol >= 0 && symbol < job.inputs ? table + symbol * IG * np : none;
  }
  INLINE T* kept_at(int64_t row, int64_t step) const {
    return kept + (sequence[row] * job.time + step) * KEPT * np;
  }
  int64_t chunk_of(int64_t bytes) const {
    const int64_t slot = rows * G * np * int64_t(sizeof(T)), some = bytes / slot, least = tiles(kFewestRows, rows);
    return smaller(some < least ? least : some, steps);
  }

  void peepholes(V (&peep)[3], int64_t at) const {
    if constexpr (Cell::has_peepholes)
      if (packed.p)
        for (int j = 0; j < 3; ++j) peep[j] = load(packed.p + j * np + at);
  }

  // A part's own vectors of units, and pointers of its own.
  struct Part {
    int index;
    int64_t from, until;
    const T **left, **right;
    T** to;
  };

  Part part_of(int index) const {
    const int64_t all = tiles(nv, kTile), each = all / parts, more = all % parts;
    const int64_t from = index * each + smaller(index, more), until = from + each + (index < more ? 1 : 0);
    const int64_t lists = chunk * rows;
    return {index, from * kTile, smaller(until * kTile, nv), left + index * lists, right + index * lists,
            to + index * lists};
  }
  void take_lists() {
    left = arena->template take<const T*>(chunk * rows * parts);
    right = arena->template take<const T*>(chunk * rows * parts);
    to = arena->template take<T*>(chunk * rows * parts);
  }
  void wait() const {
    if (parts > 1) team->wait(team);
  }
  template <void (Walk::*body)(const Part&)>
  void run() {
    if (parts == 1) return (this->*body)(part_of(0));
    team->run(
        team, [](void* walk, int index) { (static_cast<Walk*>(walk)->*body)(static_cast<Walk*>(walk)->part_of(index)); },
        this);
  }

  // Calls f(first, count) for a part's vectors in each of `groups` groups of columns.
  template <class F>
  INLINE void over_columns(const Part& part, int groups, F&& f) const {
    if (parts == 1) return f(int64_t(0), groups * nv);
    for (int g = 0; g < groups; ++g) f(g * nv + part.from, part.until - part.from);
  }

  void forward() {
    chunk = chunk_of(kForwardBytes);
    states[0] = arena->template take<T>(rows * SG * np);
    states[1] = arena->template take<T>(rows * SG * np);
    cells = arena->template take<T>(rows * np);
    nets = arena->template take<T>(chunk * rows * G * np);
    take_lists();
    clear(states[0], rows * SG * np), clear(states[1], rows * SG * np), clear(cells, rows * np);
    for (int64_t r = 0; r < rows; ++r) {
      if (s0)
        for (int g = 0; g < SG; ++g) copy(states[0] + (r * SG + g) * np, s0 + (sequence[r] * SG + g) * n, n);
      if (Cell::has_cells && c0) copy(cells + r * np, c0 + sequence[r] * n, n);
      if (length[r] == 0) end(r, states[0]);
    }
    run<&Walk::forward_part>();
  }

  void forward_part(const Part& part) {
    const int64_t slot = rows * G * np;
    for (int64_t from = 0; from < steps; from += chunk) {
      const int64_t until = smaller(from + chunk, steps);
      int64_t count = 0;
      for (int64_t s = from; s < until; ++s) {
        T* here = nets + (s - from) * slot;
        for (int64_t r = 0; r < alive[s]; ++r, here += G * np) {
          part.left[count] = symbols ? of_symbol(packed.w, r, s, packed.b) : of_time(x, r, s, job.inputs);
          part.to[count++] = here;
        }
      }
      over_columns(part, IG, [&](int64_t first, int64_t vectors) {
        if (symbols) {
          for (int64_t k = 0; k < count; ++k) copy(part.to[k] + first * lanes, part.left[k] + first * lanes, vectors * lanes);
          return;
        }
        product<T>(part.left, count, 1, 0, job.inputs, packed.w, first, vectors, Begin::kBias, packed.b, part.to,
                   IG * np);
      });
      for (int64_t s = from; s < until; ++s) {
        T *here = nets + (s - from) * slot, *now = states[s & 1], *next = states[~s & 1];
        for (int64_t r = 0; r < alive[s]; ++r) {
          part.left[r] = now + r * SG * np;
          part.to[r] = here + (r * G + R0) * np;
          for (int g = IG; g < G; ++g)
            copy(here + (r * G + g) * np + part.from * lanes, packed.b + g * np + part.from * lanes,
                 (part.until - part.from) * lanes);
        }
        over_columns(part, RG, [&](int64_t first, int64_t vectors) {
          product<T>(part.left, alive[s], SG, np, n, packed.u, first, vectors, Begin::kAdd, nullptr, part.to, RG * np);
        });
        for (int64_t r = 0; r < alive[s]; ++r) forward_step(part, r, s, here + r * G * np, now, next);
        wait();
        if (part.index == 0)
          for (int64_t r = alive[s + 1]; r < alive[s]; ++r) end(r, next);
      }
    }
  }

  INLINE void forward_step(const Part& part, int64_t r, int64_t s, const T* nets, const T* now, T* next) {
    T* out_at = of_time(y, r, s, n);
    T* to = kept ? kept_at(r, s) : nullptr;
    for (int64_t at = part.from * lanes; at < part.until * lanes; at += lanes) {
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
  void end(int64_t r, const T* sources) {
    for (int g = 0; g < SG; ++g) copy(s_end + (sequence[r] * SG + g) * n, sources + (r * SG + g) * np, n);
    if (Cell::has_cells) copy(c_end + sequence[r] * n, cells + r * np, n);
    T* behind = y + sequence[r] * job.time * n;
    for (int64_t t = length[r]; t < job.time; ++t) copy(behind + t * n, sources + r * SG * np, n);
  }

  void backward() {
    chunk = chunk_of(kBackwardBytes);
    const int64_t slot = rows * G * np;
    direct = arena->template take<T>(rows * SG * np);
    cells = arena->template take<T>(rows * np);
    nets = arena->template take<T>((chunk + 1) * slot);
    zeros = arena->template take<T>(SG * np);
    take_lists();
    clear(direct, rows * SG * np), clear(cells, rows * np), clear(zeros, SG * np);
    run<&Walk::backward_part>();
    if (!ds0 && !dc0) return;
    for (int64_t r = 0; r < rows; ++r) {
      if (ds0)
        for (int g = 0; g < SG; ++g) copy(ds0 + (sequence[r] * SG + g) * n, direct + (r * SG + g) * np, n);
      if (Cell::has_cells && dc0) copy(dc0 + sequence[r] * n, cells + r * np, n);
    }
  }

  void backward_part(const Part& part) {
    const int64_t slot = rows * G * np, own = part.from * lanes, size = (part.until - part.from) * lanes;
    if (part.index == 0)
      for (int64_t r = 0; r < rows; ++r) clear_behind(dx, r, job.inputs), clear_behind(es, r, SG * n), clear_behind(ec, r, n);
    for (int64_t from = steps ? (steps - 1) / chunk * chunk : -1; from >= 0; from -= chunk) {
      const int64_t until = smaller(from + chunk, steps);
      for (int64_t s = until - 1; s >= from; --s) {
        T* here = nets + (s - from) * slot;
        through_weights(part, here + slot, alive[s + 1]);
        if (job.truncate)
          for (int64_t r = 0; r < alive[s + 1]; ++r)
            if ((length[r] - s - 1) % job.truncate == 0) {
              for (int g = 0; g < SG; ++g) clear(direct + (r * SG + g) * np + own, size);
              clear(cells + r * np + own, size);
            }
        for (int64_t r = alive[s + 1]; r < alive[s]; ++r) begin(part, r);
        for (int64_t r = 0; r < alive[s]; ++r) backward_step(part, r, s, here + r * G * np);
        wait();
      }
      weight_gradients(part, from, until);
      wait();
      if (part.index == 0) copy(nets + chunk * slot, nets, slot);
      wait();
    }
    if (!ds0 && !dc0) return;
    through_weights(part, nets + chunk * slot, alive[0]);
    for (int64_t r = 0; r < rows; ++r)
      if (length[r] == 0) begin(part, r);
  }

  // What lies behind a sequence's end has no error.
  void clear_behind(T* errors, int64_t r, int64_t size) const {
    if (errors) clear(errors + (sequence[r] * job.time + length[r]) * size, (job.time - length[r]) * size);
  }

  INLINE void backward_step(const Part& part, int64_t r, int64_t s, T* nets) {
    const T* dy_at = dy ? of_time(dy, r, s, n) : nullptr;
    const T* after_at = KEPT == 0 ? of_time(y, r, s, n) : nullptr;
    const T* before_at = source(r, s, 0);
    const T* keep_at = KEPT ? kept_at(r, s) : nullptr;
    const T* cells_at = Cell::has_cells && s ? kept_at(r, s - 1) + 4 * np : nullptr;
    const T* first_cells = c0 ? c0 + sequence[r] * n : nullptr;
    T* es_at = es ? of_time(es, r, s, SG * n) : nullptr;
    T* ec_at = Cell::has_cells && ec ? of_time(ec, r, s, n) : nullptr;
    for (int64_t at = part.from * lanes; at < part.until * lanes; at += lanes) {
      V error[SG], net_error[G], out[SG], keep[KEPT + 1], cells_before{}, before{}, after{}, cell_error{};
      V peep[3] = {}, peep_error[3] = {};
      peepholes(peep, at);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) error[g] = load(direct + (r * SG + g) * np + at);
      if (dy_at) error[0] += load_some(dy_at + at, n - at);
      if (es_at)
        for (int g = 0; g < SG; ++g) store_some(es_at + g * n + at, error[g], n - at);
#pragma GCC unroll 8
      for (int k = 0; k < KEPT; ++k) keep[k] = load(keep_at + k * np + at);
      if constexpr (Cell::has_cells) {
        cell_error = load(cells + r * np + at);
        if (ec_at) store_some(ec_at + at, cell_error, n - at);
        if (s) cells_before = load(cells_at + at);
        else if (first_cells) cells_before = load_some(first_cells + at, n - at);
      }
      if constexpr (Cell::reads_source)
        before = load_some(before_at + at, n - at);
      if constexpr (KEPT == 0) after = load_some(after_at + at, n - at);
      Cell::backward(job.variant, error, cells_before, before, after, keep, cell_error, net_error, out, peep, peep_error);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) store(nets + g * np + at, net_error[g]);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) store(direct + (r * SG + g) * np + at, out[g]);
      if constexpr (Cell::has_cells) store(cells + r * np + at, cell_error);
      if constexpr (Cell::has_peepholes)
        if (packed.dp)
          for (int k = 0; k < 3; ++k) {
            T* sum = packed.dp + k * np + at;
            store(sum, load(sum) + peep_error[k]);
          }
    }
  }

  // Adds what the errors of a step's nets say of the sources before it.
  void through_weights(const Part& part, const T* nets_after, int64_t count) const {
    if (job.variant.cut) return;
    for (int64_t r = 0; r < count; ++r) {
      part.left[r] = nets_after + (r * G + R0) * np;
      part.to[r] = direct + r * SG * np;
    }
    over_columns(part, SG, [&](int64_t first, int64_t vectors) {
      product<T>(part.left, count, RG, np, n, packed.ub, first, vectors, Begin::kAdd, nullptr, part.to, SG * np);
    });
  }

  void weight_gradients(const Part& part, int64_t from, int64_t until) const {
    const int64_t slot = rows * G * np;
    auto list = [&](auto** rows_of, auto&& at) INLINE_LAMBDA {
      for (int64_t s = from; s < until; ++s)
        for (int64_t r = 0; r < alive[s]; ++r) *rows_of++ = at(r, s);
    };
    const T **left_rows = part.left, **right_rows = part.right;
    int64_t count = 0;
    for (int64_t s = from; s < until; ++s) {
      const T* here = nets + (s - from) * slot;
      for (int64_t r = 0; r < alive[s]; ++r, here += G * np) right_rows[count++] = here;
    }
    auto add = [&](T* sum, int64_t depth, int groups) {
      over_columns(part, groups, [&](int64_t first, int64_t vectors) {
        outer<T>(sum, left_rows, right_rows, count, depth, first, vectors, groups * nv);
      });
    };
    if (symbols) {
      list(part.to, [&](int64_t r, int64_t s) { return of_symbol(packed.dw, r, s, static_cast<T*>(nullptr)); });
      over_columns(part, IG, [&](int64_t first, int64_t vectors) {
        for (int64_t k = 0; k < count; ++k)
          if (T* sum = part.to[k])
            for (int64_t v = first; v < first + vectors; ++v)
              store(sum + v * lanes, load(sum + v * lanes) + load(right_rows[k] + v * lanes));
      });
    } else {
      list(left_rows, [&](int64_t r, int64_t s) { return of_time(x, r, s, job.inputs); });
      add(packed.dw, job.inputs, IG);
    }
    over_columns(part, G, [&](int64_t first, int64_t vectors) {
      for (int64_t v = first; v < first + vectors; ++v) {
        V sum = load(packed.db + v * lanes);
        for (int64_t k = 0; k < count; ++k) sum += load(right_rows[k] + v * lanes);
        store(packed.db + v * lanes, sum);
      }
    });
    if (dx) {  // parts of the rows, not of the columns
      list(part.to, [&](int64_t r, int64_t s) { return of_time(dx, r, s, job.inputs); });
      const int64_t first = count * part.index / parts, last = count * (part.index + 1) / parts;
      product<T>(right_rows + first, last - first, IG, np, n, packed.wb, 0, vectors(job.inputs), Begin::kZero, nullptr,
                 part.to + first, job.inputs);
    }
    for (int64_t k = 0; k < count; ++k) right_rows[k] += R0 * np;
    for (int g = 0; g < SG; ++g) {
      list(left_rows, [&](int64_t r, int64_t s) { return source(r, s, g); });
      add(packed.du + g * n * RG * np, n, RG);
    }
  }

  // What a recurrent source held before a step.
  INLINE const T* source(int64_t r, int64_t s, int g) const {
    if (s == 0) return s0 ? s0 + (sequence[r] * SG + g) * n : zeros;
    return g == 0 ? of_time(y, r, s - 1, n) : kept_at(r, s - 1) + (g - 1) * np;
  }

  // Errors that enter a sequence at its end: those of its final state, and of the outputs repeated behind it.
  void begin(const Part& part, int64_t r) const {
    const int64_t own = part.from * lanes, size = smaller(part.until * lanes, n) - own;
    for (int g = 0; g < SG; ++g) copy(direct + (r * SG + g) * np + own, ds + (sequence[r] * SG + g) * n + own, size);
    if (Cell::has_cells) copy(cells + r * np + own, dc + sequence[r] * n + own, size);
    if (!dy) return;
    const T* behind = dy + sequence[r] * job.time * n + own;
    for (int64_t t = length[r]; t < job.time; ++t)
      for (int64_t i = 0; i < size; ++i) direct[r * SG * np + own + i] += behind[t * n + i];
  }

  // Worth it where a step takes long, and each part has whole tiles: where a thread alone would read its weights from
  // beyond its own cache, or has few rows to use them for. Elsewhere waiting for each other at every step costs more.
  static int most_parts(const Job<T>& job, int64_t cache) {
    const int64_t nv = vectors(job.units), bytes = RG * SG * job.units * job.units * int64_t(sizeof(T));
    if (nv % kTile || bytes < (job.batch < 8 ? kFewRowsBytes : int64_t(kManyRowsCaches * cache))) return 1;
    return int(nv / kTile);
  }

  static void pack_forward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    const int64_t n = job.units, nv = vectors(n), np = nv * lanes, inputs = job.inputs;
    const T *w = job.w + member * job.w_member, *u = job.u + member * job.u_member, *b = job.b + member * job.b_member;
    to->b = padded(b, G, n, np, arena);
    to->w = arena->template take<T>(IG * np * inputs);
    if (job.symbols) {
      for (int64_t k = 0; k < inputs; ++k) copy(to->w + k * IG * np, to->b, IG * np);
      for (int g = 0; g < IG; ++g)
        turn<T>(
            n, inputs,
            [&](int64_t unit, int64_t k, int64_t count) INLINE_LAMBDA {
              return load_some(w + (g * n + unit) * inputs + k, count);
            },
            [&](int64_t k, int64_t unit, V v) INLINE_LAMBDA {
              T* row = to->w + (k * IG + g) * np + unit;
              store(row, load(row) + v);
            });
    } else {
      pack<T>(to->w, 1, 0, inputs, 1, IG * nv, Columns<T>{w, n, np, inputs, n * inputs});
    }
    to->u = arena->template take<T>(SG * n * RG * np);
    pack<T>(to->u, SG, n, n, 1, RG * nv, Columns<T>{u, n, np, SG * n, n * SG * n});
    to->p = job.p ? padded(job.p + member * job.p_member, 3, n, np, arena) : nullptr;
  }

  static void pack_backward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    const int64_t n = job.units, nv = vectors(n), np = nv * lanes, inputs = job.inputs;
    const T *w = job.w + member * job.w_member, *u = job.u + member * job.u_member;
    to->ub = arena->template take<T>(SG * np * RG * n);
    pack<T>(to->ub, RG, n * SG * n, n, SG * n, SG * nv, Columns<T>{u, n, np, 1, n});
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
      V total = load(slices[0].*what + at);
      for (int64_t k = 1; k < job.slices; ++k) total += load(slices[k].*what + at);
      return total;
    };
    // From (depth, groups, units), units padded, to (groups, units, depth).
    auto turned = [&](T* to, T* Packed<T>::*what, int groups, int64_t depth) INLINE_LAMBDA {
      for (int g = 0; g < groups; ++g)
        turn<T>(
            depth, n,
            [&](int64_t k, int64_t unit, int64_t) INLINE_LAMBDA { return sum(what, (k * groups + g) * np + unit); },
            [&](int64_t unit, int64_t k, V v) INLINE_LAMBDA {
              store_some(to + (g * n + unit) * depth + k, v, depth - k);
            });
    };
    auto cut = [&](T* to, T* Packed<T>::*what, int groups) INLINE_LAMBDA {
      for (int g = 0; g < groups; ++g)
        for (int64_t unit = 0; unit < n; unit += lanes) store_some(to + g * n + unit, sum(what, g * np + unit), n - unit);
    };
    turned(job.dw + member * IG * n * inputs, &Packed<T>::dw, IG, inputs);
    turned(job.du + member * RG * n * SG * n, &Packed<T>::du, RG, SG * n);
    cut(job.db + member * G * n, &Packed<T>::db, G);
    if (job.p) cut(job.dp + member * 3 * n, &Packed<T>::dp, 3);
  }
};

}  // namespace

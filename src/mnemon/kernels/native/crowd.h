// The walks of many small networks side by side: a lane of a vector is a network, each with its own weights.
//
// With fewer units than a vector has lanes, one network's vectors are partly empty and its step is one chain of
// dependent instructions. Here weights, states, nets and their errors stand as (.., lanes), an instruction serves as
// many networks as there are lanes, and nothing passes from lane to lane; what lanes without a network hold is never
// read. The point-wise steps are those of cells.h: to them, a vector is a vector. What comes from outside and goes
// there is in the order of walk.h, and is turned over on its way.
//
// A strip of sequences is walked to its end before the next: few enough that a step's vectors stay in the nearest
// cache. Where lengths differ, a strip's row goes on as long as any lane's sequence does; the other lanes stand still.
#pragma once
#include "walk.h"

namespace {

constexpr int64_t kStrip = 8;              // rows
constexpr int64_t kStripBytes = 24 << 10;  // errors and sources that are gathered for the weights' gradients
constexpr int kCrowdRows = MNEMON_BYTES == 64 ? 4 : 3, kCrowdColumns = MNEMON_BYTES == 64 ? 5 : 3;

// Calls f(height, first row, width, first column) over blocks of nearly equal size.
template <class F>
INLINE void over_blocks(int64_t rows, int64_t columns, F&& f) {
  int64_t across = tiles(columns, kCrowdColumns);
  for (int64_t c = 0; c < columns; --across) {
    const int64_t wide = tiles(columns - c, across);
    with_size<kCrowdColumns>(wide, [&](auto width) INLINE_LAMBDA {
      int64_t down = tiles(rows, kCrowdRows);
      for (int64_t r = 0; r < rows; --down) {
        const int64_t high = tiles(rows - r, down);
        with_size<kCrowdRows>(high, [&](auto height) INLINE_LAMBDA { f(height, r, width, c); });
        r += high;
      }
    });
    c += wide;
  }
}

// A matrix whose entries are vectors, a number a network; distances in entries.
template <class T>
struct Grid {
  T* at;
  int64_t row, column;
};

// out[r, i] = begin[r, i] + sum over k of rows[r, k] * weights[i, k], lane by lane.
template <class T>
__attribute__((noinline)) void lanes_product(Grid<const T> in, Grid<const T> weights, Grid<const T> begin, Grid<T> out,
                                             int64_t rows, int64_t columns, int64_t depth) {
  constexpr int lanes = Lanes<T>::count;
  over_blocks(rows, columns, [&](auto height, int64_t r, auto width, int64_t i) INLINE_LAMBDA {
    constexpr int M = decltype(height)::value, N = decltype(width)::value;
    Vec<T> acc[M][N];
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) acc[m][j] = load(begin.at + ((r + m) * begin.row + i + j) * lanes);
    const T *left = in.at + r * in.row * lanes, *right = weights.at + i * weights.row * lanes;
    for (int64_t k = 0; k < depth; ++k, left += in.column * lanes, right += weights.column * lanes) {
      Vec<T> a[M];
#pragma GCC unroll 8
      for (int m = 0; m < M; ++m) a[m] = load(left + m * in.row * lanes);
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) {
        Vec<T> w = load(right + j * weights.row * lanes);
#pragma GCC unroll 8
        for (int m = 0; m < M; ++m) acc[m][j] += a[m] * w;
      }
    }
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) store(out.at + ((r + m) * out.row + i + j) * lanes, acc[m][j]);
  });
}

// to[k, lane] = from[lane][k]; zeros where a lane has nothing.
template <class T>
__attribute__((noinline)) void inward(T* to, const T* const* from, int64_t size) {
  constexpr int lanes = Lanes<T>::count;
  auto block = [&](int64_t at, auto&& take, int64_t some) INLINE_LAMBDA {
    Vec<T> v[lanes];
#pragma GCC unroll 16
    for (int m = 0; m < lanes; ++m) v[m] = from[m] ? take(from[m] + at) : Vec<T>{};
    turn_over<T>(v);
#pragma GCC unroll 16
    for (int k = 0; k < lanes; ++k)
      if (k < some) store(to + (at + k) * lanes, v[k]);
  };
  int64_t at = 0;
  for (; at + lanes <= size; at += lanes) block(at, [](const T* a) INLINE_LAMBDA { return load(a); }, lanes);
  if (const int64_t left = size - at)
    block(at, [&](const T* a) INLINE_LAMBDA { return load_part(a, left); }, left);
}

// to[lane][k] = from[k, lane], or is raised by it; nothing where a lane has no place for it.
template <class T, bool ADD = false>
__attribute__((noinline)) void outward(T* const* to, const T* from, int64_t size) {
  constexpr int lanes = Lanes<T>::count;
  auto block = [&](int64_t at, auto&& put, int64_t some) INLINE_LAMBDA {
    Vec<T> v[lanes];
#pragma GCC unroll 16
    for (int k = 0; k < lanes; ++k) v[k] = k < some ? load(from + (at + k) * lanes) : Vec<T>{};
    turn_over<T>(v);
#pragma GCC unroll 16
    for (int m = 0; m < lanes; ++m)
      if (to[m]) put(to[m] + at, v[m]);
  };
  auto whole = [](T* at, Vec<T> v) INLINE_LAMBDA { store(at, ADD ? load(at) + v : v); };
  auto part = [&](T* at, Vec<T> v) INLINE_LAMBDA { ADD ? whole(at, v) : store_part(at, v, size % lanes); };
  int64_t at = 0;
  for (; at + lanes <= size; at += lanes) block(at, whole, lanes);
  if (const int64_t left = size - at) block(at, part, left);
}

template <class Cell, class T>
struct Crowd {
  static constexpr int lanes = Lanes<T>::count, G = Cell::groups, IG = Cell::input_groups, RG = Cell::recurrent_groups;
  static constexpr int R0 = Cell::recurrent_first, SG = Cell::sources, KEPT = Cell::kept;
  typedef Vec<T> V;
  typedef typename Constants<T>::integer Whole;
  typedef typename Lanes<Whole>::type Wholes;
  typedef T* Outer[lanes];
  typedef const T* Inner[lanes];

  const Job<T>& job;
  Arena* arena;
  const int64_t first, count, n, np, inputs;  // first network, and how many there are
  // A strip, by row and lane: which of the batch and how long; by row, the longest and the shortest.
  int64_t rows, steps;
  int64_t sequence[kStrip][lanes], length[kStrip][lanes], longest[kStrip], shortest[kStrip];
  alignas(64) Whole lasts[kStrip][lanes];
  T *w, *u, *b, *p;
  T *states, *cells, *nets, *xs, *keep, *some;

  Crowd(const Job<T>& job_, int64_t first_, Arena* arena_)
      : job(job_), arena(arena_), first(first_), count(smaller(lanes, job_.members - first_)), n(job_.units),
        np(tiles(n, lanes) * lanes), inputs(job_.inputs) {
    u = packed(job.u, job.u_member, RG * n * SG * n), b = packed(job.b, job.b_member, G * n);
    w = job.symbols ? nullptr : packed(job.w, job.w_member, IG * n * inputs);
    p = job.p ? packed(job.p, job.p_member, 3 * n) : nullptr;
    keep = room(KEPT * np + 1), some = room(n > inputs ? n : inputs);
  }

  // Vectors, to begin with zeros.
  T* room(int64_t vectors) {
    T* to = arena->template take<T>(vectors * lanes);
    clear(to, vectors * lanes);
    return to;
  }
  // Where each network's part of an array begins, or of what of it a function says by lane.
  template <class A>
  INLINE A* of(A* array, int64_t distance, int64_t lane) const { return array + (first + lane) * distance; }
  T* packed(const T* from, int64_t distance, int64_t size) {
    T* to = arena->template take<T>(size * lanes);
    inward(to, Ours<const T>([&](int lane) { return of(from, distance, lane); }, count).at, size);
    return to;
  }
  void deliver(T* to, const T* from, int64_t size) const {
    outward(Ours<T>([&](int lane) { return of(to, size, lane); }, count).at, from, size);
  }
  // A pointer a lane; null for lanes without a network.
  template <class A>
  struct Ours {
    A* at[lanes];
    template <class F>
    INLINE Ours(F&& f, int64_t count = lanes) {
      for (int lane = 0; lane < lanes; ++lane) at[lane] = lane < count ? f(lane) : nullptr;
    }
  };

  void take_strip(int64_t from) {
    rows = smaller(kStrip, job.batch - from), steps = 0;
    for (int64_t r = 0; r < rows; ++r) {
      longest[r] = 0, shortest[r] = job.time;
      for (int lane = 0; lane < lanes; ++lane) {
        const int64_t member = first + lane;
        int64_t which = from + r, long_ = lane < count ? job.time : 0;
        if (lane < count && job.lengths) {
          which = job.order[member * job.order_member + which];
          long_ = smaller(job.lengths[member * job.lengths_member + which], job.time);
          if (long_ < 0) long_ = 0;
        }
        sequence[r][lane] = which, length[r][lane] = long_, lasts[r][lane] = Whole(long_);
        if (lane >= count) continue;
        if (long_ > longest[r]) longest[r] = long_;
        if (long_ < shortest[r]) shortest[r] = long_;
      }
      if (longest[r] > steps) steps = longest[r];
    }
    follow(symbols, job.symbols, job.symbols_member, 1), follow(x, job.x, job.x_member, inputs);
    follow(y, job.y, job.y_member, n), follow(dy, job.dy, job.dy_member, n);
    follow(dx, job.dx, job.batch * job.time * inputs, inputs), follow_kept();
    follow(es, job.es, job.batch * job.time * SG * n, SG * n), follow(ec, job.ec, job.batch * job.time * n, n);
  }
  int64_t alive(int64_t s) const {  // rows of which some lane has not ended; they are the first
    int64_t living = 0;
    while (living < rows && longest[living] > s) ++living;
    return living;
  }
  // Lanes whose sequence has step s: -1, the others 0.
  INLINE Wholes live(int64_t r, int64_t s) const { return load(lasts[r]) > all<Whole>(Whole(s)); }
  // `a` in lanes that go on, `b` in the others. (Where all go on, nothing is chosen: what is stored by halves cannot be
  // read again at once.)
  INLINE static void put(T* at, bool ragged, Wholes here, V a, V b) {
    if (ragged) store(at, here ? a : b);
    else store(at, a);
  }

  // Where the steps of a strip's rows stand in an array (member, batch, time, size).
  template <class A>
  struct Track {
    A* first[kStrip][lanes];
    int64_t by;
  };
  template <class A>
  void follow(Track<A>& track, A* array, int64_t distance, int64_t size) const {
    track.by = job.reverse ? -size : size;
    for (int64_t r = 0; array && r < rows; ++r)
      for (int lane = 0; lane < count; ++lane) {
        const int64_t at = sequence[r][lane] * job.time + (job.reverse ? length[r][lane] - 1 : 0);
        track.first[r][lane] = of(array, distance, lane) + at * size;
      }
  }
  // Kept numbers stand in the order of the walk.
  void follow_kept() {
    kept.by = KEPT * np;
    for (int64_t r = 0; job.kept && r < rows; ++r)
      for (int lane = 0; lane < count; ++lane)
        kept.first[r][lane] = of(job.kept, job.kept_member, lane) + sequence[r][lane] * job.time * KEPT * np;
  }
  Track<const int32_t> symbols;
  Track<const T> x, dy;
  Track<T> y, dx, kept, es, ec;
  // A step of them; null where a lane's sequence has ended.
  template <class A>
  INLINE Ours<A> at_step(const Track<A>& track, int64_t r, int64_t s, int64_t from = 0) const {
    const int64_t on = s * track.by + from;
    Ours<A> here([&](int lane) INLINE_LAMBDA { return track.first[r][lane] + on; }, count);
    if (s >= shortest[r])
      for (int lane = 0; lane < count; ++lane)
        if (s >= length[r][lane]) here.at[lane] = nullptr;
    return here;
  }
  // Where a row stands in an array (member, batch, size).
  template <class A>
  INLINE Ours<A> of_row(A* array, int64_t distance, int64_t r, int64_t size) const {
    return {[&](int lane) INLINE_LAMBDA { return of(array, distance, lane) + sequence[r][lane] * size; }, count};
  }

  // Weights that are looked up, or their gradients, stand as (member, some units, symbol, their lanes), the last symbol
  // being none: a lane is a unit here. This is what stands where, for one member and some units; the same as (unit, input).
  template <class A>
  INLINE A* table_at(A* table, int lane, int64_t unit) const {
    return table + (lane * tiles(IG * n, lanes) * lanes + unit) * (inputs + 1);
  }
  template <class A>
  INLINE Ours<A> of_units(A* array, int64_t distance, int lane, int64_t unit) const {
    return {[&](int k) INLINE_LAMBDA { return of(array, distance, lane) + (unit + k) * inputs; }, IG * n - unit};
  }
  int64_t table_size() const { return lanes * tiles(IG * n, lanes) * (inputs + 1); }

  T* looked_up() {
    T* table = room(table_size());
    for (int lane = 0; lane < count; ++lane)
      for (int64_t unit = 0; unit < IG * n; unit += lanes) {
        T* to = table_at(table, lane, unit);
        inward(to, of_units(job.w, job.w_member, lane, unit).at, inputs);
        const V bias = load_some(of(job.b, job.b_member, lane) + unit, IG * n - unit);
        for (int64_t k = 0; k <= inputs; ++k) store(to + k * lanes, load(to + k * lanes) + bias);
      }
    return table;
  }
  // The row of each lane's symbol in a table; that of none where there is none.
  INLINE Ours<T> of_symbols(T* table, int64_t r, int64_t s, int64_t unit) const {
    const auto at = at_step(symbols, r, s);
    int64_t row[lanes];
    for (int lane = 0; lane < lanes; ++lane) row[lane] = at.at[lane] ? *at.at[lane] : -1;
    const int64_t each = table_at(table, 1, unit) - table_at(table, 0, unit);
    return {[&](int lane) INLINE_LAMBDA {
      const int64_t is = row[lane] >= 0 && row[lane] < inputs ? row[lane] : inputs;
      return table_at(table, 0, unit) + lane * each + is * lanes;
    }};
  }

  INLINE void peepholes(V (&peep)[3], int64_t i) const {
    if constexpr (Cell::has_peepholes)
      if (p)
        for (int k = 0; k < 3; ++k) peep[k] = load(p + (k * n + i) * lanes);
  }

  // Whether networks side by side fill vectors better than the units of each: a vector holds `each` of them, on average,
  // and where it holds few, turning over costs more than it brings. At 16 networks, and 8 by AVX2, batches of 1 and 16,
  // this takes 0.2 to 0.7 of the time of one after the other up to 10 units, 0.5 to 0.95 up to 16
  // (benchmarks/crowd.py); half-filled vectors break even at half as many units, a little later for cells of one group.
  static bool worth_it(const Job<T>& job) {
    const int64_t each = job.members / tiles(job.members, lanes);
    return job.u_member && each > 1 && (G == 1 ? 2 : 3) * job.units <= 3 * each;
  }

  void forward() {
    states = room(kStrip * SG * n), cells = room(kStrip * n), nets = room(kStrip * G * n);
    xs = job.symbols ? nullptr : room(kStrip * inputs);
    if (job.symbols) w = looked_up();
    for (int64_t from = 0; from < job.batch; from += kStrip) {
      take_strip(from);
      for (int64_t r = 0; r < rows; ++r) {
        if (job.s0) inward(states + r * SG * n * lanes, of_row(job.s0, job.s0_member, r, SG * n).at, SG * n);
        else clear(states + r * SG * n * lanes, SG * n * lanes);
        if (!Cell::has_cells) continue;
        if (job.c0) inward(cells + r * n * lanes, of_row(job.c0, job.c0_member, r, n).at, n);
        else clear(cells + r * n * lanes, n * lanes);
      }
      for (int64_t s = 0; s < steps; ++s) {
        const int64_t living = alive(s);
        drive(s, living);
        lanes_product<T>({states, SG * n, 1}, {u, SG * n, 1}, {nets + R0 * n * lanes, G * n, 1},
                         {nets + R0 * n * lanes, G * n, 1}, living, RG * n, SG * n);
        for (int64_t r = 0; r < living; ++r) forward_step(r, s);
      }
      for (int64_t r = 0; r < rows; ++r) end(r);
    }
  }

  // The nets of a step, as far as inputs and biases make them.
  void drive(int64_t s, int64_t living) {
    for (int64_t r = 0; r < living; ++r) {
      T* to = nets + r * G * n * lanes;
      copy(to + IG * n * lanes, b + IG * n * lanes, (G - IG) * n * lanes);
      if (!job.symbols) {
        inward(xs + r * inputs * lanes, at_step(x, r, s).at, inputs);
        continue;
      }
      for (int64_t unit = 0; unit < IG * n; unit += lanes)
        inward<T>(to + unit * lanes, of_symbols(w, r, s, unit).at, smaller(lanes, IG * n - unit));
    }
    if (!job.symbols)
      lanes_product<T>({xs, inputs, 1}, {w, inputs, 1}, {b, 0, 1}, {nets, G * n, 1}, living, IG * n, inputs);
  }

  INLINE void forward_step(int64_t r, int64_t s) {
    T *state = states + r * SG * n * lanes, *cell_at = cells + r * n * lanes;
    const T* net_at = nets + r * G * n * lanes;
    const Wholes here = live(r, s);
    const bool ragged = s >= shortest[r];
    for (int64_t i = 0; i < n; ++i) {
      V net[G], out[SG], keeps[KEPT + 1], before = load(state + i * lanes), cell{}, cell_before{}, peep[3] = {};
      peepholes(peep, i);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) net[g] = load(net_at + (g * n + i) * lanes);
      if constexpr (Cell::has_cells) cell = cell_before = load(cell_at + i * lanes);
      Cell::forward(job.variant, net, before, cell, out, keeps, peep);
      if constexpr (Cell::has_cells) put(cell_at + i * lanes, ragged, here, cell, cell_before);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) {
        T* to = state + (g * n + i) * lanes;
        put(to, ragged, here, out[g], load(to));
      }
#pragma GCC unroll 8
      for (int k = 0; k < KEPT; ++k) store(keep + (k * np + i) * lanes, keeps[k]);
    }
    outward(at_step(y, r, s).at, state, n);
    if (KEPT && job.kept) outward(at_step(kept, r, s).at, keep, KEPT * np);
  }

  // Final states, and the last output for all that lies behind an end.
  void end(int64_t r) const {
    outward(of_row(job.s, job.batch * SG * n, r, SG * n).at, states + r * SG * n * lanes, SG * n);
    if (Cell::has_cells) outward(of_row(job.c, job.batch * n, r, n).at, cells + r * n * lanes, n);
    for (int lane = 0; lane < count; ++lane) {
      const T* last = of(job.s, job.batch * SG * n, lane) + sequence[r][lane] * SG * n;
      T* behind = of(job.y, job.y_member, lane) + sequence[r][lane] * job.time * n;
      for (int64_t t = length[r][lane]; t < job.time; ++t) copy(behind + t * n, last, n);
    }
  }

  // Room of the way back: errors of the nets and what drove them, of a few steps; the sources of one step more.
  T *errors, *sources, *direct, *dw, *du, *db, *dp;
  int64_t chunk;

  void backward() {
    const int64_t most = smaller(kStrip, job.batch), each = most * (G + SG) * n * lanes * int64_t(sizeof(T));
    chunk = kStripBytes / each < 1 ? 1 : smaller(kStripBytes / each, job.time);
    errors = room(chunk * most * G * n), sources = room((chunk + 1) * most * SG * n);
    direct = room(most * SG * n), cells = room(most * n);
    xs = job.symbols ? nullptr : room(chunk * most * inputs);
    du = room(RG * n * SG * n), db = room(G * n), dp = room(3 * n);
    dw = room(job.symbols ? table_size() : IG * n * inputs);
    for (int64_t from = 0; from < job.batch; from += kStrip) {
      take_strip(from);
      for (int64_t r = 0; r < rows; ++r) begin(r);
      for (int64_t at = steps ? (steps - 1) / chunk * chunk : -1; at >= 0; at -= chunk) backward_chunk(at);
      for (int64_t r = 0; r < rows; ++r) {
        if (job.ds0) outward(of_row(job.ds0, job.batch * SG * n, r, SG * n).at, direct + r * SG * n * lanes, SG * n);
        if (Cell::has_cells && job.dc0) outward(of_row(job.dc0, job.batch * n, r, n).at, cells + r * n * lanes, n);
      }
    }
    if (!job.symbols) deliver(job.dw, dw, IG * n * inputs);
    for (int lane = 0; job.symbols && lane < count; ++lane)
      for (int64_t unit = 0; unit < IG * n; unit += lanes)
        outward(of_units(job.dw, IG * n * inputs, lane, unit).at, table_at(dw, lane, unit), inputs);
    deliver(job.du, du, RG * n * SG * n), deliver(job.db, db, G * n);
    if (job.p) deliver(job.dp, dp, 3 * n);
  }

  // Errors that enter at the end: those of the final state, and of the outputs repeated behind it.
  void begin(int64_t r) {
    T* to = direct + r * SG * n * lanes;
    inward(to, of_row(job.ds, job.ds_member, r, SG * n).at, SG * n);
    if (Cell::has_cells) inward(cells + r * n * lanes, of_row(job.dc, job.dc_member, r, n).at, n);
    clear_behind(job.dx, r, inputs), clear_behind(job.es, r, SG * n), clear_behind(job.ec, r, n);
    if (!job.dy) return;
    for (int64_t t = shortest[r]; t < job.time; ++t) {
      const Ours<const T> behind([&](int lane) {
        const T* at = of(job.dy, job.dy_member, lane) + (sequence[r][lane] * job.time + t) * n;
        return t < length[r][lane] ? nullptr : at;
      }, count);
      inward(some, behind.at, n);
      for (int64_t i = 0; i < n * lanes; i += lanes) store(to + i, load(to + i) + load(some + i));
    }
  }

  void clear_behind(T* array, int64_t r, int64_t size) const {
    for (int lane = 0; array && lane < count; ++lane) {
      const int64_t from = sequence[r][lane] * job.time + length[r][lane];
      clear(of(array, job.batch * job.time * size, lane) + from * size, (job.time - length[r][lane]) * size);
    }
  }

  void backward_chunk(int64_t from) {
    const int64_t until = smaller(from + chunk, steps), slot = rows * G * n * lanes, source_slot = rows * SG * n * lanes;
    for (int64_t s = until - 1; s >= from; --s) {
      const int64_t living = alive(s), at = s - from;
      T *error = errors + at * slot, *before = sources + at * source_slot, *after = before + source_slot;
      for (int64_t r = alive(s + 1); r < living; ++r) take_sources(after + r * SG * n * lanes, r, s + 1);
      for (int64_t r = 0; r < living; ++r) {
        take_sources(before + r * SG * n * lanes, r, s);
        if (!job.symbols)
          inward(xs + (at * rows + r) * inputs * lanes, at_step(x, r, s).at, inputs);
        backward_step(r, s, error + r * G * n * lanes, before + r * SG * n * lanes, after + r * SG * n * lanes);
      }
      // Rows that have ended add nothing to the weights' gradients.
      clear(error + living * G * n * lanes, (rows - living) * G * n * lanes);
      clear(before + living * SG * n * lanes, (rows - living) * SG * n * lanes);
      if (!job.symbols) clear(xs + (at * rows + living) * inputs * lanes, (rows - living) * inputs * lanes);
      if (!job.variant.cut && (s > 0 || job.ds0 || job.dc0))
        lanes_product<T>({error + R0 * n * lanes, G * n, 1}, {u, 1, SG * n}, {direct, SG * n, 1}, {direct, SG * n, 1},
                         living, SG * n, RG * n);
      if (job.truncate && s > 0)
        for (int64_t r = 0; r < living; ++r) truncate(r, s);
      if (job.dx)
        for (int64_t r = 0; r < living; ++r) {
          const Grid<const T> none{zeros(), 0, 0};
          lanes_product<T>({error + r * G * n * lanes, 0, 1}, {w, 1, inputs}, none, {some, 0, 1}, 1, inputs, IG * n);
          outward(at_step(dx, r, s).at, some, inputs);
        }
    }
    weight_gradients(from, until);
    copy(sources + chunk * source_slot, sources, source_slot);
  }

  // Lets no error pass from a step to the one before it, where a block of steps begins.
  void truncate(int64_t r, int64_t s) {
    alignas(64) Whole ends[lanes];
    for (int lane = 0; lane < lanes; ++lane)
      ends[lane] = s < length[r][lane] && (length[r][lane] - s) % job.truncate == 0 ? -1 : 0;
    const Wholes here = load(ends);
    for (T* at = direct + r * SG * n * lanes; at < direct + (r + 1) * SG * n * lanes; at += lanes)
      store(at, here ? V{} : load(at));
    if constexpr (Cell::has_cells)
      for (T* at = cells + r * n * lanes; at < cells + (r + 1) * n * lanes; at += lanes)
        store(at, here ? V{} : load(at));
  }

  // What the recurrent sources held before a step.
  void take_sources(T* to, int64_t r, int64_t s) const {
    if (s == 0 && job.s0) return inward(to, of_row(job.s0, job.s0_member, r, SG * n).at, SG * n);
    if (s == 0) return clear(to, SG * n * lanes);
    inward<T>(to, at_step(y, r, s - 1).at, n);
    for (int g = 1; g < SG; ++g) inward<T>(to + g * n * lanes, at_step(kept, r, s - 1, (g - 1) * np).at, n);
  }

  INLINE void backward_step(int64_t r, int64_t s, T* error_at, const T* before_at, const T* after_at) {
    T *direct_at = direct + r * SG * n * lanes, *cell_at = cells + r * n * lanes;
    const Wholes here = live(r, s);
    const bool ragged = s >= shortest[r];
    if (KEPT) inward<T>(keep, at_step(kept, r, s).at, KEPT * np);
    if (job.dy) inward(some, at_step(dy, r, s).at, n);
    if (job.ec && Cell::has_cells) outward(at_step(ec, r, s).at, cell_at, n);
    if (job.es) {
      if (job.dy)
        for (int64_t i = 0; i < n * lanes; i += lanes) store(direct_at + i, load(direct_at + i) + load(some + i));
      outward(at_step(es, r, s).at, direct_at, SG * n);
    }
    T* cells_before_at = nullptr;
    if (Cell::has_cells && (s || job.c0)) {
      cells_before_at = error_at;  // each is read before its place is written
      if (s) inward<T>(cells_before_at, at_step(kept, r, s - 1, 4 * np).at, n);
      else inward(cells_before_at, of_row(job.c0, job.c0_member, r, n).at, n);
    }
    for (int64_t i = 0; i < n; ++i) {
      V error[SG], net_error[G], out[SG], keeps[KEPT + 1], cells_before{}, cell_error{}, before_cell_error{};
      V peep[3] = {}, peep_error[3] = {};
      peepholes(peep, i);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) error[g] = load(direct_at + (g * n + i) * lanes);
      if (job.dy && !job.es) error[0] += load(some + i * lanes);
#pragma GCC unroll 8
      for (int k = 0; k < KEPT; ++k) keeps[k] = load(keep + (k * np + i) * lanes);
      if constexpr (Cell::has_cells) {
        cell_error = before_cell_error = load(cell_at + i * lanes);
        if (cells_before_at) cells_before = load(cells_before_at + i * lanes);
      }
      Cell::backward(job.variant, error, cells_before, load(before_at + i * lanes), load(after_at + i * lanes), keeps,
                     cell_error, net_error, out, peep, peep_error);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) put(error_at + (g * n + i) * lanes, ragged, here, net_error[g], V{});
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) {
        T* to = direct_at + (g * n + i) * lanes;
        put(to, ragged, here, out[g], load(to));
      }
      if constexpr (Cell::has_cells) put(cell_at + i * lanes, ragged, here, cell_error, before_cell_error);
      if constexpr (Cell::has_peepholes)
        if (p)
          for (int k = 0; k < 3; ++k) {
            T* sum = dp + (k * n + i) * lanes;
            store(sum, load(sum) + (here ? peep_error[k] : V{}));
          }
    }
  }

  void weight_gradients(int64_t from, int64_t until) {
    const int64_t many = (until - from) * rows;
    auto add = [&](T* sum, const T* drove, int64_t width, int first_group, int groups) {
      // sum[i, j] += sum over steps and rows of errors[.., i] * drove[.., j]
      lanes_product<T>({errors + first_group * n * lanes, 1, G * n}, {drove, 1, width}, {sum, width, 1}, {sum, width, 1},
                       groups * n, width, many);
    };
    add(du, sources, SG * n, R0, RG);
    if (!job.symbols) add(dw, xs, inputs, 0, IG);
    for (int64_t i = 0; i < G * n * lanes; i += lanes) {
      V sum = load(db + i);
      for (int64_t k = 0; k < many; ++k) sum += load(errors + k * G * n * lanes + i);
      store(db + i, sum);
    }
    if (!job.symbols) return;
    for (int64_t s = from; s < until; ++s)
      for (int64_t r = 0; r < alive(s); ++r) {
        const T* error = errors + ((s - from) * rows + r) * G * n * lanes;
        for (int64_t unit = 0; unit < IG * n; unit += lanes)
          outward<T, true>(of_symbols(dw, r, s, unit).at, error + unit * lanes, smaller(lanes, IG * n - unit));
      }
  }

  const T* zeros() {
    if (!zeros_) zeros_ = room(kCrowdColumns > inputs ? kCrowdColumns : inputs);
    return zeros_;
  }
  T* zeros_ = nullptr;
};

}  // namespace

// The walks of many small networks side by side: a lane of a vector is a network, each with its own weights.
//
// With fewer units than a vector has lanes, one network's vectors are partly empty and its step is one chain of
// dependent instructions. Here weights, states, nets and their errors stand as (.., lanes), an instruction serves as
// many networks as there are lanes, and nothing passes from lane to lane; what lanes without a network hold is never
// read. The point-wise steps are those of cells.h: to them, a vector is a vector. What comes from outside and goes
// there is in the order of walk.h, and is turned over on its way.
//
// A strip of sequences is walked to its end before the next, some steps at a time: few enough that what a stretch of
// steps takes stays in a near cache, and more than one, since what comes and goes is turned over in one piece for all its
// steps, in the order of the memory. Where lengths differ, a strip's row goes on as long as any lane's sequence does; the
// other lanes stand still, and what comes and goes is turned over step by step.
#pragma once
#include "walk.h"

namespace {

constexpr int64_t kStrip = 8;                 // rows
constexpr int64_t kStretchBytes = 128 << 10;  // what comes and goes, and the errors that are gathered
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

// out[r, i] = begin[r, i] + sum over t and k of in[r, k] * weights[i, k], lane by lane, where in and weights lie `further`
// and `weights_further` on for each t.
template <class T>
__attribute__((noinline)) void lanes_product(Grid<const T> in, Grid<const T> weights, Grid<const T> begin, Grid<T> out,
                                             int64_t rows, int64_t columns, int64_t depth, int64_t times = 1,
                                             int64_t further = 0, int64_t weights_further = 0) {
  constexpr int lanes = Lanes<T>::count;
  over_blocks(rows, columns, [&](auto height, int64_t r, auto width, int64_t i) INLINE_LAMBDA {
    constexpr int M = decltype(height)::value, N = decltype(width)::value;
    Vec<T> acc[M][N];
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) acc[m][j] = load(begin.at + ((r + m) * begin.row + (i + j) * begin.column) * lanes);
    for (int64_t t = 0; t < times; ++t) {
      const T* left = in.at + (r * in.row + t * further) * lanes;
      const T* right = weights.at + (i * weights.row + t * weights_further) * lanes;
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
  turn<T>(
      lanes, size,
      [&](int64_t lane, int64_t k, int64_t count) INLINE_LAMBDA {
        return from[lane] ? load_some(from[lane] + k, count) : Vec<T>{};
      },
      [&](int64_t k, int64_t, Vec<T> v) INLINE_LAMBDA { store(to + k * lanes, v); });
}

// to[lane][k] = from[k, lane], or is raised by it (and then in whole vectors); nothing where a lane has no place for it.
template <class T, bool ADD = false>
__attribute__((noinline)) void outward(T* const* to, const T* from, int64_t size) {
  constexpr int lanes = Lanes<T>::count;
  turn<T>(
      size, lanes, [&](int64_t k, int64_t, int64_t) INLINE_LAMBDA { return load(from + k * lanes); },
      [&](int64_t lane, int64_t k, Vec<T> v) INLINE_LAMBDA {
        if (!to[lane]) return;
        if constexpr (ADD) store(to[lane] + k, load(to[lane] + k) + v);
        else store_some(to[lane] + k, v, size - k);
      });
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
  T *states, *cells, *nets, *outputs, *keep;
  int64_t stretch;  // steps that are taken together
  T* xs;            // their inputs

  Crowd(const Job<T>& job_, int64_t first_, Arena* arena_)
      : job(job_), arena(arena_), first(first_), count(smaller(lanes, job_.members - first_)), n(job_.units),
        np(tiles(n, lanes) * lanes), inputs(job_.inputs) {
    u = packed(job.u, job.u_member, RG * n * SG * n), b = packed(job.b, job.b_member, G * n);
    p = job.p ? packed(job.p, job.p_member, 3 * n) : nullptr;
    keep = zeros(KEPT * np + 1);
  }

  T* room(int64_t vectors) const { return arena->template take<T>(vectors * lanes); }
  T* zeros(int64_t vectors) const {
    T* to = room(vectors);
    clear(to, vectors * lanes);
    return to;
  }
  // How many steps are taken together, where a row's take so many vectors each.
  void take_stretches(int64_t vectors) {
    const int64_t each = smaller(kStrip, job.batch) * vectors * lanes * int64_t(sizeof(T));
    stretch = kStretchBytes < each ? 1 : smaller(kStretchBytes / each, job.time);
  }
  // Where each network's part of an array begins, or of what of it a function says by lane.
  template <class A>
  INLINE A* of(A* array, int64_t distance, int64_t lane) const { return array + (first + lane) * distance; }
  T* packed(const T* from, int64_t distance, int64_t size) {
    T* to = room(size);
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
    int64_t size, by;
  };
  template <class A>
  void follow(Track<A>& track, A* array, int64_t distance, int64_t size) const {
    track.size = size, track.by = job.reverse ? -size : size;
    for (int64_t r = 0; array && r < rows; ++r)
      for (int lane = 0; lane < count; ++lane) {
        const int64_t at = sequence[r][lane] * job.time + (job.reverse ? length[r][lane] - 1 : 0);
        track.first[r][lane] = of(array, distance, lane) + at * size;
      }
  }
  // Kept numbers stand in the order of the walk.
  void follow_kept() {
    kept.size = kept.by = KEPT * np;
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
  // Where a step of a stretch stands in the order of the memory.
  INLINE int64_t place(int64_t step, int64_t many) const { return job.reverse ? many - 1 - step : step; }
  // Calls f(pointers, place, steps) for a row's steps from `from` on: once for all of them, or for each by itself.
  template <class A, class F>
  INLINE void over_stretch(const Track<A>& track, bool whole, int64_t r, int64_t from, int64_t many, F&& f) const {
    if (whole && from + many <= shortest[r]) return f(at_step(track, r, from + place(0, many)), 0, many);
    for (int64_t step = 0; step < many; ++step) f(at_step(track, r, from + step), place(step, many), 1);
  }
  // A row's steps from `from` on, of which each is to stand so many vectors behind the one before it; zeros where a lane
  // has ended.
  template <class A>
  void bring(T* to, int64_t distance, const Track<A>& track, int64_t r, int64_t from, int64_t many) const {
    over_stretch(track, distance == track.size, r, from, many, [&](const auto& here, int64_t at, int64_t steps) {
      inward<T>(to + at * distance * lanes, here.at, steps * track.size);
    });
  }
  void send(const Track<T>& track, int64_t r, int64_t from, int64_t many, const T* what) const {
    over_stretch(track, true, r, from, many, [&](const auto& here, int64_t at, int64_t steps) {
      outward(here.at, what + at * track.size * lanes, steps * track.size);
    });
  }
  // Where a row stands in an array (member, batch, size).
  template <class A>
  INLINE Ours<A> of_row(A* array, int64_t distance, int64_t r, int64_t size) const {
    return {[&](int lane) INLINE_LAMBDA { return of(array, distance, lane) + sequence[r][lane] * size; }, count};
  }

  // Weights that are looked up, or their gradients, stand as (member, symbol, units), the last symbol being none: a lane
  // is a unit here.
  int64_t looked_size() const { return tiles(IG * n, lanes) * lanes; }
  INLINE T* table_of(T* table, int64_t lane) const { return table + lane * (inputs + 1) * looked_size(); }

  T* looked_up() {
    const int64_t size = looked_size();
    T* table = room((inputs + 1) * size);
    for (int64_t lane = 0; lane < count; ++lane) {
      T *to = table_of(table, lane), *none = to + inputs * size;
      const T *weights = of(job.w, job.w_member, lane), *bias = of(job.b, job.b_member, lane);
      for (int64_t unit = 0; unit < size; unit += lanes) store(none + unit, load_some(bias + unit, IG * n - unit));
      turn<T>(
          IG * n, inputs,
          [&](int64_t unit, int64_t k, int64_t some) INLINE_LAMBDA { return load_some(weights + unit * inputs + k, some); },
          [&](int64_t k, int64_t unit, Vec<T> v) INLINE_LAMBDA { store(to + k * size + unit, v + load(none + unit)); });
    }
    return table;
  }
  // Where each lane's symbol of a step stands in its table.
  INLINE Ours<T> of_symbols(T* table, int64_t r, int64_t s) const {
    const int64_t size = looked_size(), each = table_of(table, 1) - table, on = s * symbols.by;
    const uint64_t none = inputs;
    return {[&](int lane) INLINE_LAMBDA {
      const uint64_t is = s < length[r][lane] ? int64_t(symbols.first[r][lane][on]) : none;
      return table + lane * each + (is < none ? is : none) * size;
    }, count};
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
    const int64_t most = smaller(kStrip, job.batch);
    take_stretches((G + 1) * n + (job.symbols ? 0 : inputs));
    states = room(most * SG * n), cells = room(most * n);
    nets = room(most * stretch * G * n), outputs = room(most * stretch * n);
    w = job.symbols ? looked_up() : packed(job.w, job.w_member, IG * n * inputs);
    xs = job.symbols ? nullptr : room(most * stretch * inputs);
    for (int64_t from = 0; from < job.batch; from += kStrip) {
      take_strip(from);
      for (int64_t r = 0; r < rows; ++r) {
        if (job.s0) inward(states + r * SG * n * lanes, of_row(job.s0, job.s0_member, r, SG * n).at, SG * n);
        else clear(states + r * SG * n * lanes, SG * n * lanes);
        if (!Cell::has_cells) continue;
        if (job.c0) inward(cells + r * n * lanes, of_row(job.c0, job.c0_member, r, n).at, n);
        else clear(cells + r * n * lanes, n * lanes);
      }
      for (int64_t s = 0; s < steps; s += stretch) forward_stretch(s, smaller(stretch, steps - s));
      for (int64_t r = 0; r < rows; ++r) end(r);
    }
  }

  void forward_stretch(int64_t from, int64_t many) {
    drive(from, many);
    for (int64_t step = 0; step < many; ++step) {
      const int64_t living = alive(from + step), at = place(step, many), next = stretch * G * n;
      T* const here = nets + at * G * n * lanes;
      lanes_product<T>({states, SG * n, 1}, {u, SG * n, 1}, {here + R0 * n * lanes, next, 1},
                       {here + R0 * n * lanes, next, 1}, living, RG * n, SG * n);
      for (int64_t r = 0; r < living; ++r)
        forward_step(r, from + step, here + r * next * lanes, outputs + (r * stretch + at) * n * lanes);
    }
    for (int64_t r = 0; r < alive(from); ++r) send(y, r, from, many, outputs + r * stretch * n * lanes);
  }

  // The nets of a stretch, as far as inputs and biases make them.
  void drive(int64_t from, int64_t many) {
    const int64_t living = alive(from);
    for (int64_t r = 0; r < living; ++r) {
      for (int64_t at = 0; G > IG && at < many; ++at)
        copy(nets + ((r * stretch + at) * G + IG) * n * lanes, b + IG * n * lanes, (G - IG) * n * lanes);
      if (!job.symbols) bring(xs + r * stretch * inputs * lanes, inputs, x, r, from, many);
      for (int64_t step = 0; job.symbols && step < many; ++step)
        inward<T>(nets + (r * stretch + place(step, many)) * G * n * lanes, of_symbols(w, r, from + step).at, IG * n);
    }
    if (!job.symbols)
      over_rows(living, many, [&](int64_t slot, int64_t slots) {
        lanes_product<T>({xs + slot * inputs * lanes, inputs, 1}, {w, inputs, 1}, {b, 0, 1},
                         {nets + slot * G * n * lanes, G * n, 1}, slots, IG * n, inputs);
      });
  }
  // Calls f(first slot, slots) for the slots that the steps of some rows fill: all at once where they lie together.
  template <class F>
  INLINE void over_rows(int64_t living, int64_t many, F&& f) const {
    if (many == stretch) return f(0, living * many);
    for (int64_t r = 0; r < living; ++r) f(r * stretch, many);
  }

  INLINE void forward_step(int64_t r, int64_t s, const T* net_at, T* output) {
    const int64_t n = this->n, np = this->np;  // what is stored might be these, for all that the compiler knows
    const Variant variant = job.variant;
    T* const keep = this->keep;
    T *const state = states + r * SG * n * lanes, *const cell_at = cells + r * n * lanes;
    const Wholes here = live(r, s);
    const bool ragged = s >= shortest[r];
    for (int64_t i = 0; i < n; ++i) {
      V net[G], out[SG], keeps[KEPT + 1], before = load(state + i * lanes), cell{}, cell_before{}, peep[3] = {};
      peepholes(peep, i);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) net[g] = load(net_at + (g * n + i) * lanes);
      if constexpr (Cell::has_cells) cell = cell_before = load(cell_at + i * lanes);
      Cell::forward(variant, net, before, cell, out, keeps, peep);
      store(output + i * lanes, out[0]);
      if constexpr (Cell::has_cells) put(cell_at + i * lanes, ragged, here, cell, cell_before);
#pragma GCC unroll 8
      for (int g = 0; g < SG; ++g) {
        T* to = state + (g * n + i) * lanes;
        put(to, ragged, here, out[g], load(to));
      }
#pragma GCC unroll 8
      for (int k = 0; k < KEPT; ++k) store(keep + (k * np + i) * lanes, keeps[k]);
    }
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

  // Room of the way back: of a stretch, errors of the nets, of the outputs, and the sources (of one step more); of a
  // step, errors of the sources.
  T *errors, *entering, *sources, *direct, *dw, *du, *db, *dp;

  void backward() {
    const int64_t most = smaller(kStrip, job.batch);
    take_stretches((G + SG + (job.dy ? 1 : 0)) * n + (job.symbols ? 0 : inputs));
    errors = room(most * stretch * G * n), sources = room(most * (stretch + 1) * SG * n);
    entering = room((job.dy ? most * stretch : 1) * n);
    direct = room(most * SG * n), cells = room(most * n);
    w = job.dx ? packed(job.w, job.w_member, IG * n * inputs) : nullptr;
    xs = job.symbols ? nullptr : room(most * stretch * inputs);
    du = zeros(RG * n * SG * n), db = zeros(G * n), dp = zeros(3 * n);
    dw = zeros(job.symbols ? (inputs + 1) * looked_size() : IG * n * inputs);
    for (int64_t from = 0; from < job.batch; from += kStrip) {
      take_strip(from);
      for (int64_t r = 0; r < rows; ++r) begin(r);
      for (int64_t s = steps ? (steps - 1) / stretch * stretch : -1; s >= 0; s -= stretch)
        backward_stretch(s, smaller(stretch, steps - s));
      for (int64_t r = 0; r < rows; ++r) {
        if (job.ds0) outward(of_row(job.ds0, job.batch * SG * n, r, SG * n).at, direct + r * SG * n * lanes, SG * n);
        if (Cell::has_cells && job.dc0) outward(of_row(job.dc0, job.batch * n, r, n).at, cells + r * n * lanes, n);
      }
    }
    if (!job.symbols) deliver(job.dw, dw, IG * n * inputs);
    for (int64_t lane = 0; job.symbols && lane < count; ++lane) {
      const T* from = table_of(dw, lane);
      T* to = of(job.dw, IG * n * inputs, lane);
      turn<T>(
          inputs, IG * n,
          [&](int64_t k, int64_t unit, int64_t) INLINE_LAMBDA { return load(from + k * looked_size() + unit); },
          [&](int64_t unit, int64_t k, Vec<T> v) INLINE_LAMBDA { store_some(to + unit * inputs + k, v, inputs - k); });
    }
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
      inward(entering, behind.at, n);
      for (int64_t i = 0; i < n * lanes; i += lanes) store(to + i, load(to + i) + load(entering + i));
    }
  }

  void clear_behind(T* array, int64_t r, int64_t size) const {
    for (int lane = 0; array && lane < count; ++lane) {
      const int64_t from = sequence[r][lane] * job.time + length[r][lane];
      clear(of(array, job.batch * job.time * size, lane) + from * size, (job.time - length[r][lane]) * size);
    }
  }

  void backward_stretch(int64_t from, int64_t many) {
    const int64_t living = alive(from);
    for (int64_t r = 0; r < living; ++r) {
      take_sources(r, from, many);
      if (!job.symbols) bring(xs + r * stretch * inputs * lanes, inputs, x, r, from, many);
      if (job.dy) bring(entering + r * stretch * n * lanes, n, dy, r, from, many);
      for (int64_t step = many - 1; step >= 0 && from + step >= longest[r]; --step)
        clear(errors + (r * stretch + place(step, many)) * G * n * lanes, G * n * lanes);
    }
    for (int64_t step = many - 1; step >= 0; --step) {
      const int64_t s = from + step, now = alive(s), at = place(step, many);
      for (int64_t r = 0; r < now; ++r) {
        const T* before = sources + (r * (stretch + 1) + at + job.reverse) * SG * n * lanes;
        const T* after = sources + (r * (stretch + 1) + at + !job.reverse) * SG * n * lanes;
        backward_step(r, s, errors + (r * stretch + at) * G * n * lanes, before, after,
                      entering + (r * stretch + at) * n * lanes);
      }
      if (!job.variant.cut && (s > 0 || job.ds0 || job.dc0))
        lanes_product<T>({errors + (at * G + R0) * n * lanes, stretch * G * n, 1}, {u, 1, SG * n}, {direct, SG * n, 1},
                         {direct, SG * n, 1}, now, SG * n, RG * n);
      if (job.truncate && s > 0)
        for (int64_t r = 0; r < now; ++r) truncate(r, s);
    }
    weight_gradients(from, many, living);
    if (!job.dx) return;
    alignas(64) const T none[lanes] = {};
    over_rows(living, many, [&](int64_t slot, int64_t slots) {  // the inputs have been used
      lanes_product<T>({errors + slot * G * n * lanes, G * n, 1}, {w, 1, inputs}, {none, 0, 0},
                       {xs + slot * inputs * lanes, inputs, 1}, slots, inputs, IG * n);
    });
    for (int64_t r = 0; r < living; ++r) send(dx, r, from, many, xs + r * stretch * inputs * lanes);
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

  // What the recurrent sources held before each step of a stretch, and after the last.
  void take_sources(int64_t r, int64_t from, int64_t many) const {
    const int64_t size = SG * n * lanes;
    T* to = sources + r * (stretch + 1) * size;
    // What the stretch behind this one began with, this one ends with.
    const bool known = from + many < longest[r];
    if (known) {
      const int64_t behind = smaller(stretch, steps - from - many);
      copy(to + (job.reverse ? 0 : many) * size, to + (job.reverse ? behind : 0) * size, size);
    }
    if (from == 0) {
      T* start = to + (job.reverse ? many : 0) * size;
      if (job.s0) inward(start, of_row(job.s0, job.s0_member, r, SG * n).at, SG * n);
      else clear(start, size);
    }
    const int64_t first_step = from ? from - 1 : 0, some = from + many - known - first_step;
    to += (job.reverse ? known : !from) * size;
    bring(to, SG * n, y, r, first_step, some);
    for (int64_t step = 0; SG > 1 && step < some; ++step)
      for (int g = 1; g < SG; ++g)
        inward<T>(to + place(step, some) * size + g * n * lanes, at_step(kept, r, first_step + step, (g - 1) * np).at, n);
  }

  INLINE void backward_step(int64_t r, int64_t s, T* error_at, const T* before_at, const T* after_at,
                            const T* entering_at) {
    const int64_t n = this->n, np = this->np;
    const Variant variant = job.variant;
    const T* const keep_at = keep;
    T *const direct_at = direct + r * SG * n * lanes, *const cell_at = cells + r * n * lanes;
    const bool enters = job.dy && !job.es;
    const Wholes here = live(r, s);
    const bool ragged = s >= shortest[r];
    if (KEPT) inward<T>(keep, at_step(kept, r, s).at, KEPT * np);
    if (job.ec && Cell::has_cells) outward(at_step(ec, r, s).at, cell_at, n);
    if (job.es) {
      if (job.dy)
        for (int64_t i = 0; i < n * lanes; i += lanes) store(direct_at + i, load(direct_at + i) + load(entering_at + i));
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
      if (enters) error[0] += load(entering_at + i * lanes);
#pragma GCC unroll 8
      for (int k = 0; k < KEPT; ++k) keeps[k] = load(keep_at + (k * np + i) * lanes);
      if constexpr (Cell::has_cells) {
        cell_error = before_cell_error = load(cell_at + i * lanes);
        if (cells_before_at) cells_before = load(cells_before_at + i * lanes);
      }
      Cell::backward(variant, error, cells_before, load(before_at + i * lanes), load(after_at + i * lanes), keeps,
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

  void weight_gradients(int64_t from, int64_t many, int64_t living) {
    auto add = [&](T* sum, const T* drove, int64_t width, int64_t slots, int first_group, int groups) {
      // sum[i, j] += sum over rows and steps of errors[.., i] * drove[.., j]
      lanes_product<T>({errors + first_group * n * lanes, 1, G * n}, {drove, 1, width}, {sum, width, 1}, {sum, width, 1},
                       groups * n, width, many, living, stretch * G * n, slots * width);
    };
    add(du, sources + job.reverse * SG * n * lanes, SG * n, stretch + 1, R0, RG);
    if (!job.symbols) add(dw, xs, inputs, stretch, 0, IG);
    for (int64_t i = 0; i < G * n * lanes; i += lanes) {
      V sum = load(db + i);
      for (int64_t r = 0; r < living; ++r)
        for (int64_t at = 0; at < many; ++at) sum += load(errors + (r * stretch + at) * G * n * lanes + i);
      store(db + i, sum);
    }
    for (int64_t r = 0; job.symbols && r < living; ++r)
      for (int64_t step = 0; step < many; ++step)
        outward<T, true>(of_symbols(dw, r, from + step).at, errors + (r * stretch + place(step, many)) * G * n * lanes,
                         IG * n);
  }
};

}  // namespace

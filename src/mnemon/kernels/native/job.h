// What one call asks for: the same words for the part that XLA calls (entry.cpp) and the part that is compiled once for
// every instruction set (engine.cpp). Plain data and pointers only.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mnemon {

enum Kind { kElman = 0, kGru = 1, kLstm = 2 };
enum Squashing { kTanh = 0, kLogistic = 1, kRelu = 2, kIdentity = 3, kLogistic1 = 4, kLogistic2 = 5 };

// A row of the table of cells. Gates that are absent are 1, or one minus the gate they are coupled to.
struct Variant {
  int kind;
  int squash_in, squash_out;
  bool input_gate, forget_gate, output_gate;
  bool peepholes, coupled;
  bool gates_feed_back;  // the gates are recurrent sources too
  bool cut;              // no error passes back through the recurrent weights and the peepholes
  double shift;          // subtracted from the present gate's net input where a coupled one is formed
};

// Memory of one thread, kept from call to call: `take` gives 64-byte aligned room until the next `reset`.
struct Arena {
  void* (*take_bytes)(Arena*, size_t);
  template <class U>
  U* take(int64_t count) {
    return static_cast<U*>(take_bytes(this, static_cast<size_t>(count) * sizeof(U)));
  }
};

// Threads that walk one slice together, each with its own units. `run` calls body(data, part) on each; `wait` lets none
// go on before all have come.
struct Team {
  int parts;
  void (*run)(Team*, void (*body)(void*, int), void*);
  void (*wait)(Team*);
};

// Row-major arrays; `*_member` is the distance between members, 0 where all share one.
template <class T>
struct Job {
  Variant variant;
  int64_t members, batch, time, inputs, units;
  bool reverse;
  int64_t truncate;  // 0: errors flow back to the start
  int64_t slices;    // parts of a member's batch that are walked by one thread each

  const T* x;              // (member, batch, time, inputs); or null, and
  const int32_t* symbols;  // (member, batch, time): which input is 1, all others being 0; none where it is no input
  int64_t x_member, symbols_member;
  const int32_t* lengths;  // (member, batch), or null: all have the full length
  int64_t lengths_member;
  const int32_t* order;  // sequences by falling length; null with `lengths`
  int64_t order_member;
  const T* w;   // (member, input groups * units, inputs)
  const T* u;   // (member, recurrent groups * units, source groups * units)
  const T* b;   // (member, groups * units)
  const T* p;   // (member, 3 * units): peepholes of input, forget and output gate; or null
  const T* s0;  // (member, batch, source groups * units); null: zeros
  const T* c0;  // (member, batch, units); null: zeros
  int64_t w_member, u_member, b_member, p_member, s0_member, c0_member;

  T* y;     // (member, batch, time, units)
  T* s;     // final sources
  T* c;     // final cells
  T* kept;  // (member, batch, time, Engine::kept): what the way back needs; null: nothing is kept
  int64_t y_member, kept_member;

  const T* dy;  // null: no error enters along the way
  const T* ds;
  const T* dc;
  int64_t dy_member, ds_member, dc_member;
  T *dx, *dw, *du, *db, *dp, *ds0, *dc0;  // dx, ds0, dc0 may be null: not wanted
  // Errors of the sources and cells after every step, (member, batch, time, source groups * units or units); or null.
  T *es, *ec;
};

// Groups of units in the nets and in the sources of a kind.
inline int groups_of(const Variant& v) { return v.kind == kElman ? 1 : 4; }
inline int source_groups_of(const Variant& v) { return v.kind == kLstm && v.gates_feed_back ? 4 : 1; }

// One member's weights in the order in which a walk reads them.
template <class T>
struct Packed {
  T *w, *u, *b, *p;     // forward; of symbols, w holds a row for each, with the bias
  T *wb, *ub;           // backward
  T *dw, *du, *db, *dp; // gradients, one set a slice
};

template <class T>
struct Engine {
  int64_t (*kept)(const Variant&, int64_t units);  // numbers that a step of a sequence keeps for the way back
  void (*pack_forward)(const Job<T>&, int64_t member, Packed<T>*, Arena*);
  void (*pack_backward)(const Job<T>&, int64_t member, Packed<T>*, Arena*);
  void (*gradients)(const Job<T>&, Packed<T>*, Arena*);  // zeroed room for one slice's gradients
  int (*most_parts)(const Job<T>&, int64_t cache);  // so many threads can share a slice; bytes of a core's own cache
  void (*forward)(const Job<T>&, int64_t member, int64_t slice, const Packed<T>&, Arena*, Team*);
  void (*backward)(const Job<T>&, int64_t member, int64_t slice, const Packed<T>&, Arena*, Team*);
  // The slices' gradients, summed in their order and written where the caller wants them.
  void (*deliver)(const Job<T>&, int64_t member, const Packed<T>* slices);
  // Of small networks: how many are walked together, from `first` on; 0: each by itself, as above.
  int64_t (*side_by_side)(const Job<T>&);
  void (*forward_together)(const Job<T>&, int64_t first, Arena*);
  void (*backward_together)(const Job<T>&, int64_t first, Arena*);
};

struct Engines {
  const char* name;
  Engine<float> f32;
  Engine<double> f64;
};

}  // namespace mnemon

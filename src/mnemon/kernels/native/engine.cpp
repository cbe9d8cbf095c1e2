// Compiled once for every instruction set, with MNEMON_BYTES (width of a vector) and MNEMON_ENGINE (name of the table).
// Nothing here may be shared with another instruction set: all of it has internal linkage, but for the table.
#include "crowd.h"
#include "job.h"
#include "walk.h"

namespace {

// The types of a cell's walks as a value.
template <class Cell, class T>
struct Type {
  typedef Walk<Cell, T> Walk_;
  typedef Crowd<Cell, T> Crowd_;
};

template <class T, class F>
void with_cell(const Variant& v, F&& f) {
  const bool plain = v.input_gate && v.forget_gate && v.output_gate && !v.peepholes && !v.coupled &&
                     !v.gates_feed_back && v.squash_in == mnemon::kTanh && v.squash_out == mnemon::kTanh;
  if (v.kind == mnemon::kElman && v.squash_in == mnemon::kTanh) f(Type<Elman<T, mnemon::kTanh>, T>{});
  else if (v.kind == mnemon::kElman) f(Type<Elman<T>, T>{});
  else if (v.kind == mnemon::kGru) f(Type<Gru<T>, T>{});
  else if (plain) f(Type<Lstm<T>, T>{});
  else if (v.gates_feed_back) f(Type<LstmRow<T, 4>, T>{});
  else f(Type<LstmRow<T, 1>, T>{});
}

#define WITH_WALK(variant, call)                                \
  with_cell<T>(variant, [&](auto type) {                        \
    [[maybe_unused]] typedef typename decltype(type)::Walk_ W;  \
    [[maybe_unused]] typedef typename decltype(type)::Crowd_ C; \
    call;                                                       \
  })

template <class T>
struct Entry {
  static int64_t kept(const Variant& variant, int64_t units) {
    int64_t numbers = 0;
    WITH_WALK(variant, numbers = W::KEPT * W::vectors(units) * W::lanes);
    return numbers;
  }
  static void pack_forward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    WITH_WALK(job.variant, W::pack_forward(job, member, to, arena));
  }
  static void pack_backward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    WITH_WALK(job.variant, W::pack_backward(job, member, to, arena));
  }
  static void gradients(const Job<T>& job, Packed<T>* to, Arena* arena) {
    WITH_WALK(job.variant, W::gradients(job, to, arena));
  }
  static int most_parts(const Job<T>& job, int64_t cache) {
    int parts = 1;
    WITH_WALK(job.variant, parts = W::most_parts(job, cache));
    return parts;
  }
  static void forward(const Job<T>& job, int64_t member, int64_t slice, const Packed<T>& packed, Arena* arena,
                      Team* team) {
    WITH_WALK(job.variant, W(job, member, slice, packed, arena, team).forward());
  }
  static void backward(const Job<T>& job, int64_t member, int64_t slice, const Packed<T>& packed, Arena* arena,
                       Team* team) {
    WITH_WALK(job.variant, W(job, member, slice, packed, arena, team).backward());
  }
  static void deliver(const Job<T>& job, int64_t member, const Packed<T>* slices) {
    WITH_WALK(job.variant, W::deliver(job, member, slices));
  }
  static int64_t side_by_side(const Job<T>& job) {
    bool worth_it = false;
    WITH_WALK(job.variant, worth_it = C::worth_it(job));
    return worth_it ? Lanes<T>::count : 0;
  }
  static void forward_together(const Job<T>& job, int64_t first, Arena* arena) {
    WITH_WALK(job.variant, C(job, first, arena).forward());
  }
  static void backward_together(const Job<T>& job, int64_t first, Arena* arena) {
    WITH_WALK(job.variant, C(job, first, arena).backward());
  }
  static constexpr mnemon::Engine<T> table = {kept, pack_forward, pack_backward, gradients,
                                              most_parts, forward, backward, deliver,
                                              side_by_side, forward_together, backward_together};
};

}  // namespace

namespace mnemon {
extern const Engines MNEMON_ENGINE;
const Engines MNEMON_ENGINE = {MNEMON_NAME, Entry<float>::table, Entry<double>::table};
}  // namespace mnemon

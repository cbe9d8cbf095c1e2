// Compiled once for every instruction set, with MNEMON_BYTES (width of a vector) and MNEMON_ENGINE (name of the table).
// Nothing here may be shared with another instruction set: all of it has internal linkage, but for the table.
#include "job.h"
#include "walk.h"

#include <type_traits>

namespace {

template <class T, class F>
void with_cell(const Variant& v, F&& f) {
  const bool plain = v.input_gate && v.forget_gate && v.output_gate && !v.peepholes && !v.coupled &&
                     !v.gates_feed_back && v.squash_in == mnemon::kTanh && v.squash_out == mnemon::kTanh;
  if (v.kind == mnemon::kElman) f((Walk<Elman<T>, T>*)nullptr);
  else if (v.kind == mnemon::kGru) f((Walk<Gru<T>, T>*)nullptr);
  else if (plain) f((Walk<Lstm<T>, T>*)nullptr);
  else if (v.gates_feed_back) f((Walk<LstmRow<T, 4>, T>*)nullptr);
  else f((Walk<LstmRow<T, 1>, T>*)nullptr);
}

template <class W>
struct Of {
  typedef W type;
};

#define WITH_WALK(job, call)                                        \
  with_cell<T>((job).variant, [&](auto* none) {                     \
    typedef typename Of<std::remove_pointer_t<decltype(none)>>::type W; \
    call;                                                           \
  })

template <class T>
struct Entry {
  static int64_t padded(int64_t units) { return tiles(units, Lanes<T>::count) * Lanes<T>::count; }
  static void pack_forward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    WITH_WALK(job, W::pack_forward(job, member, to, arena));
  }
  static void pack_backward(const Job<T>& job, int64_t member, Packed<T>* to, Arena* arena) {
    WITH_WALK(job, W::pack_backward(job, member, to, arena));
  }
  static void gradients(const Job<T>& job, Packed<T>* to, Arena* arena) {
    WITH_WALK(job, W::gradients(job, to, arena));
  }
  static int most_parts(const Job<T>& job) {
    int parts = 1;
    WITH_WALK(job, parts = W::most_parts(job));
    return parts;
  }
  static void forward(const Job<T>& job, int64_t member, int64_t slice, const Packed<T>& packed, Arena* arena,
                      Team* team) {
    WITH_WALK(job, W(job, member, slice, packed, arena, team).forward());
  }
  static void backward(const Job<T>& job, int64_t member, int64_t slice, const Packed<T>& packed, Arena* arena,
                       Team* team) {
    WITH_WALK(job, W(job, member, slice, packed, arena, team).backward());
  }
  static void deliver(const Job<T>& job, int64_t member, const Packed<T>* slices) {
    WITH_WALK(job, W::deliver(job, member, slices));
  }
  static constexpr mnemon::Engine<T> table = {padded, pack_forward, pack_backward, gradients,
                                              most_parts, forward, backward, deliver};
};

}  // namespace

namespace mnemon {
extern const Engines MNEMON_ENGINE;
const Engines MNEMON_ENGINE = {MNEMON_NAME, Entry<float>::table, Entry<double>::table};
}  // namespace mnemon

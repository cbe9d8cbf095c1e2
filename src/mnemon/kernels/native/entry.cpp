// What XLA calls: two handlers, forward and backward; and what Python asks about them.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "job.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace mnemon {

#if defined(__x86_64__)
extern const Engines engine_avx512, engine_avx2;
#endif
extern const Engines engine_plain;

namespace {

// The widest instruction set of this processor, or a narrower one that MNEMON_KERNEL_ISA names.
const Engines& engines() {
  static const Engines* const chosen = [] {
    const char* wanted = std::getenv("MNEMON_KERNEL_ISA");
    const std::string most = wanted ? wanted : "";
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && most != "avx2" && most != "plain") return &engine_avx512;
    if (avx2 && most != "plain") return &engine_avx2;
#endif
    return &engine_plain;
  }();
  return *chosen;
}

template <class T>
const Engine<T>& engine();
template <>
const Engine<float>& engine<float>() { return engines().f32; }
template <>
const Engine<double>& engine<double>() { return engines().f64; }

// Bytes of the second-level cache, which most processors have for each core; where it is not told, the smallest usual.
int64_t cache_of_core() {
  static const int64_t bytes = [] {
#if defined(_SC_LEVEL2_CACHE_SIZE)
    if (const long told = sysconf(_SC_LEVEL2_CACHE_SIZE); told > 0) return int64_t(told);
#endif
    return int64_t(512) << 10;
  }();
  return bytes;
}

// One block that grows to the largest need; what does not fit lies beside it until the next reset.
class Room : public Arena {
 public:
  Room() { take_bytes = &Room::take_from; }
  ~Room() {
    reset();
    std::free(block_);
  }
  void reset() {
    for (void* extra : extras_) std::free(extra);
    if (!extras_.empty()) {
      std::free(block_);
      size_ = needed_ + needed_ / 4;
      block_ = static_cast<char*>(std::aligned_alloc(64, (size_ + 63) & ~size_t(63)));
      if (!block_) size_ = 0;
    }
    extras_.clear();
    used_ = needed_ = 0;
  }

 private:
  static void* take_from(Arena* arena, size_t bytes) {
    Room* self = static_cast<Room*>(arena);
    bytes = (bytes + 63) & ~size_t(63);
    bytes += 64;  // stretches a power of two apart would share their places in the cache
    self->needed_ += bytes;
    if (self->used_ + bytes <= self->size_) {
      void* at = self->block_ + self->used_;
      self->used_ += bytes;
      return at;
    }
    void* extra = std::aligned_alloc(64, bytes);
    if (!extra) throw std::bad_alloc();
    self->extras_.push_back(extra);
    return extra;
  }
  char* block_ = nullptr;
  size_t size_ = 0, used_ = 0, needed_ = 0;
  std::vector<void*> extras_;
};

Room& room() {
  thread_local Room one;
  return one;
}

// What the threads of one call share, kept by the thread that was called.
Room& shared_room() {
  thread_local Room one;
  one.reset();
  return one;
}

// Numbers too small to be normal are zero while this lives, as in XLA's own code.
class FlushToZero {
 public:
#if defined(__x86_64__)
  FlushToZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushToZero() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#endif
};

// Calls f(0) ... f(count - 1) on this thread and on those of the pool that are free. Waits only for work that another
// thread has begun, so that a full pool costs time and nothing else.
void in_parallel(ffi::ThreadPool& pool, int64_t count, bool alone, const std::function<void(int64_t)>& f) {
  const int64_t helpers = alone ? 0 : std::min<int64_t>(pool.num_threads(), count) - 1;
  if (helpers <= 0) {
    for (int64_t i = 0; i < count; ++i) f(i);
    return;
  }
  struct Shared {
    std::atomic<int64_t> next{0}, done{0};
    std::atomic<bool> failed{false};
  };
  auto shared = std::make_shared<Shared>();
  auto work = [shared, count, &f] {
    for (int64_t i; (i = shared->next.fetch_add(1)) < count;) {
      try {
        f(i);
      } catch (...) {
        shared->failed = true;
      }
      shared->done.fetch_add(1, std::memory_order_release);
    }
  };
  // A late one finds nothing to do, and leaves f alone.
  for (int64_t k = 0; k < helpers; ++k) pool.Schedule(decltype(work)(work));
  work();
  for (int spins = 0; shared->done.load(std::memory_order_acquire) < count; ++spins)
    if (spins > 2000) std::this_thread::yield();
  if (shared->failed) throw std::bad_alloc();
}

// Threads of the pool that have come to walk one slice together. Only those that are there in time take part, so that
// nobody waits for a thread that is busy elsewhere.
class Gathered : public Team {
 public:
  // `patience`: how many microseconds the others may take to wake.
  Gathered(ffi::ThreadPool& pool, int most, int64_t patience) : shared_(std::make_shared<Shared>()) {
    run = &Gathered::run_on_all;
    wait = &Gathered::wait_for_all;
    const int helpers = std::min<int64_t>(most, pool.num_threads()) - 1;
    for (int k = 0; k < helpers; ++k)
      pool.Schedule([shared = shared_, leader = std::this_thread::get_id()] {
        if (std::this_thread::get_id() == leader) return;  // a full pool runs what it is given at once
        const int index = shared->come.fetch_add(1);
        if (index < 0) return;  // too late
        int seen = 0;
        while (true) {
          for (int spins = 0; shared->orders.load(std::memory_order_acquire) == seen; ++spins) pause(spins);
          ++seen;
          if (!shared->body) break;
          FlushToZero flush;
          shared->body(shared->data, index + 1);
          shared->finished.fetch_add(1, std::memory_order_release);
        }
      });
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(helpers ? patience : 0);
    while (shared_->come.load(std::memory_order_acquire) < helpers && std::chrono::steady_clock::now() < until) relax();
    parts = 1 + shared_->come.exchange(-1000000, std::memory_order_acq_rel);
    shared_->parts = parts;
  }
  ~Gathered() {
    shared_->body = nullptr;
    shared_->orders.fetch_add(1, std::memory_order_release);
  }

 private:
  struct Shared {
    std::atomic<int> come{0}, orders{0}, finished{0}, waiting{0}, round{0};
    int parts = 1;
    void (*body)(void*, int) = nullptr;
    void* data = nullptr;
  };

  static void relax() {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }
  static void pause(int spins) {
    if (spins < 400) relax();
    else std::this_thread::yield();
  }
  static void run_on_all(Team* team, void (*body)(void*, int), void* data) {
    Shared& shared = *static_cast<Gathered*>(team)->shared_;
    shared.body = body, shared.data = data;
    shared.finished.store(0, std::memory_order_relaxed);
    shared.orders.fetch_add(1, std::memory_order_release);
    body(data, 0);
    for (int spins = 0; shared.finished.load(std::memory_order_acquire) < team->parts - 1; ++spins) pause(spins);
  }
  static void wait_for_all(Team* team) {
    Shared& shared = *static_cast<Gathered*>(team)->shared_;
    const int round = shared.round.load(std::memory_order_relaxed);
    if (shared.waiting.fetch_add(1, std::memory_order_acq_rel) + 1 == shared.parts) {
      shared.waiting.store(0, std::memory_order_relaxed);
      shared.round.store(round + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; shared.round.load(std::memory_order_acquire) == round; ++spins) pause(spins);
  }

  std::shared_ptr<Shared> shared_;
};

// Asks for large pages for memory that is about to be written for the first time: fewer faults.
void in_large_pages(void* data, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t large = 2 << 20;
  const uintptr_t from = (reinterpret_cast<uintptr_t>(data) + large - 1) & ~(large - 1);
  const uintptr_t until = (reinterpret_cast<uintptr_t>(data) + bytes) & ~(large - 1);
  if (until > from) madvise(reinterpret_cast<void*>(from), until - from, MADV_HUGEPAGE);
#endif
}

// A tenth of what a walk takes one thread alone, at some 60 operations a nanosecond, in microseconds an operation.
constexpr double kPatience = 0.1 / 60e3;
// Operations that one thread does in less than half a millisecond, in networks side by side.
constexpr double kWorkOfOne = 1e7;

template <class T>
void run(Job<T>& job, ffi::ThreadPool& pool, bool back) {
  const Engine<T>& how = engine<T>();
  std::vector<int32_t> order;
  if (job.lengths) {
    const int64_t many = job.lengths_member ? job.members : 1;
    order.resize(many * job.batch);
    for (int64_t m = 0; m < many; ++m) {
      const int32_t* lengths = job.lengths + m * job.lengths_member;
      int32_t* at = order.data() + m * job.batch;
      std::iota(at, at + job.batch, 0);
      std::stable_sort(at, at + job.batch, [&](int32_t a, int32_t b) { return lengths[a] > lengths[b]; });
    }
    job.order = order.data(), job.order_member = job.lengths_member ? job.batch : 0;
  }
  const double work = 2.0 * job.members * job.batch * job.time * job.units * groups_of(job.variant) *
                      ((job.symbols ? 1 : job.inputs) + job.units * source_groups_of(job.variant)) * (back ? 2 : 1);
  const bool alone = work < 1e6;
  // Small networks side by side; much work only where all threads get some, since their batches are not cut.
  const int64_t lanes = how.side_by_side(job), groups = lanes ? (job.members + lanes - 1) / lanes : 0;
  if (lanes && (work < kWorkOfOne || groups >= pool.num_threads())) {
    in_parallel(pool, groups, alone, [&](int64_t some) {
      FlushToZero flush;
      Room& here = room();
      here.reset();
      (back ? how.backward_together : how.forward_together)(job, some * lanes, &here);
    });
    return;
  }
  const int together = alone || job.members > 1 ? 1 : how.most_parts(job, cache_of_core());
  if (together > 1) job.slices = 1;
  auto walk = [&](int64_t member, int64_t slice, const Packed<T>& packed, Arena* arena) {
    FlushToZero flush;
    auto by = [&](Team* team) { (back ? how.backward : how.forward)(job, member, slice, packed, arena, team); };
    if (together == 1) return by(nullptr);
    Gathered team(pool, together, int64_t(work * kPatience));
    by(&team);
  };
  const bool shared = job.members > 1 && !job.w_member && !job.u_member && !job.b_member && !job.p_member;
  if (job.slices == 1 && !shared) {
    in_parallel(pool, job.members, alone, [&](int64_t member) {
      Room& here = room();
      here.reset();
      Packed<T> packed{};
      if (back) {
        how.pack_backward(job, member, &packed, &here);
        how.gradients(job, &packed, &here);
      } else {
        how.pack_forward(job, member, &packed, &here);
      }
      walk(member, 0, packed, &here);
      if (back) how.deliver(job, member, &packed);
    });
    return;
  }
  Room& beside = shared_room();
  std::vector<Packed<T>> packed(job.members * job.slices);
  for (int64_t item = 0; item < job.members * job.slices; ++item) {
    Packed<T>& own = packed[item];
    const bool first = shared ? item == 0 : item % job.slices == 0;
    if (!first) own = packed[item - 1];
    else if (back) how.pack_backward(job, item / job.slices, &own, &beside);
    else how.pack_forward(job, item / job.slices, &own, &beside);
    if (back) how.gradients(job, &own, &beside);
  }
  in_parallel(pool, job.members * job.slices, alone, [&](int64_t item) {
    Room& here = room();
    here.reset();
    walk(item / job.slices, item % job.slices, packed[item], &here);
  });
  if (back)
    in_parallel(pool, job.members, alone,
                [&](int64_t member) { how.deliver(job, member, &packed[member * job.slices]); });
}

// An array of the call: its numbers, or null where it is empty, and the distance between members.
template <class T>
void read(ffi::RemainingArgs& args, size_t index, T*& data, int64_t& member) {
  const auto buffer = *args.get<ffi::AnyBuffer>(index);
  const int64_t count = buffer.element_count();
  data = count ? static_cast<T*>(buffer.untyped_data()) : nullptr;
  member = count && buffer.dimensions()[0] > 1 ? count / buffer.dimensions()[0] : 0;
}

template <class T>
T* wanted(ffi::RemainingRets& rets, size_t index) {
  auto buffer = rets.get<ffi::AnyBuffer>(index);
  return (*buffer)->element_count() == 0 ? nullptr : static_cast<T*>((*buffer)->untyped_data());
}

struct Words {
  int64_t kind, squash_in, squash_out, flags, reverse, truncate, slices;
  double shift;
};

Variant variant_of(const Words& words) {
  auto flag = [&](int k) { return (words.flags >> k & 1) != 0; };
  return {int(words.kind), int(words.squash_in), int(words.squash_out), flag(0), flag(1), flag(2), flag(3), flag(4),
          flag(5), flag(6), words.shift};
}

// Arguments of both: x, lengths, w, u, b, p, s0, c0.
template <class T>
Job<T> job_of(const Words& words, ffi::RemainingArgs& args) {
  Job<T> job{};
  job.variant = variant_of(words);
  job.reverse = words.reverse != 0, job.truncate = words.truncate, job.slices = words.slices;
  auto x = *args.get<ffi::AnyBuffer>(0), w = *args.get<ffi::AnyBuffer>(2), u = *args.get<ffi::AnyBuffer>(3);
  job.members = 1;  // the largest of all: what is shared has one
  for (size_t k = 0; k < args.size(); ++k) {
    const auto array = *args.get<ffi::AnyBuffer>(k);
    if (array.element_count()) job.members = std::max<int64_t>(job.members, array.dimensions()[0]);
  }
  job.batch = x.dimensions()[1], job.time = x.dimensions()[2], job.inputs = w.dimensions()[2];
  job.units = u.dimensions()[2] / source_groups_of(job.variant);
  if (x.element_type() == ffi::S32) read(args, 0, job.symbols, job.symbols_member);
  else read(args, 0, job.x, job.x_member);
  read(args, 1, job.lengths, job.lengths_member);
  read(args, 2, job.w, job.w_member), read(args, 3, job.u, job.u_member), read(args, 4, job.b, job.b_member);
  read(args, 5, job.p, job.p_member), read(args, 6, job.s0, job.s0_member), read(args, 7, job.c0, job.c0_member);
  job.slices = std::max<int64_t>(1, std::min(job.slices, job.batch));
  job.y_member = job.batch * job.time * job.units;
  job.kept_member = job.batch * job.time * engine<T>().kept(job.variant, job.units);
  return job;
}

template <class T>
void forward(const Words& words, ffi::ThreadPool& pool, ffi::RemainingArgs& args, ffi::RemainingRets& rets) {
  Job<T> job = job_of<T>(words, args);
  for (size_t k : {0, 3}) {
    auto buffer = *rets.get<ffi::AnyBuffer>(k);
    in_large_pages(buffer->untyped_data(), buffer->size_bytes());
  }
  job.y = wanted<T>(rets, 0), job.s = wanted<T>(rets, 1), job.c = wanted<T>(rets, 2), job.kept = wanted<T>(rets, 3);
  run(job, pool, false);
}

// More arguments: y, kept, dy, ds, dc. Results: dx, dw, du, db, dp, ds0, dc0, es, ec.
template <class T>
void backward(const Words& words, ffi::ThreadPool& pool, ffi::RemainingArgs& args, ffi::RemainingRets& rets) {
  Job<T> job = job_of<T>(words, args);
  read(args, 8, job.y, job.y_member), read(args, 9, job.kept, job.kept_member);
  read(args, 10, job.dy, job.dy_member), read(args, 11, job.ds, job.ds_member), read(args, 12, job.dc, job.dc_member);
  job.dx = wanted<T>(rets, 0), job.dw = wanted<T>(rets, 1), job.du = wanted<T>(rets, 2), job.db = wanted<T>(rets, 3);
  job.dp = wanted<T>(rets, 4), job.ds0 = wanted<T>(rets, 5), job.dc0 = wanted<T>(rets, 6);
  job.es = wanted<T>(rets, 7), job.ec = wanted<T>(rets, 8);
  run(job, pool, true);
}

template <bool back>
ffi::Error call(int64_t kind, int64_t squash_in, int64_t squash_out, int64_t flags, int64_t reverse, int64_t truncate,
                int64_t slices, double shift, ffi::ThreadPool pool, ffi::RemainingArgs args, ffi::RemainingRets rets) {
  const Words words{kind, squash_in, squash_out, flags, reverse, truncate, slices, shift};
  try {
    const bool wide = (*args.get<ffi::AnyBuffer>(3)).element_type() == ffi::F64;
    if (wide) back ? backward<double>(words, pool, args, rets) : forward<double>(words, pool, args, rets);
    else back ? backward<float>(words, pool, args, rets) : forward<float>(words, pool, args, rets);
  } catch (const std::bad_alloc&) {
    return ffi::Error(ffi::ErrorCode::kResourceExhausted, "out of memory in a native recurrent kernel");
  }
  return ffi::Error::Success();
}

auto binding() {
  return ffi::Ffi::Bind()
      .Attr<int64_t>("kind")
      .Attr<int64_t>("squash_in")
      .Attr<int64_t>("squash_out")
      .Attr<int64_t>("flags")
      .Attr<int64_t>("reverse")
      .Attr<int64_t>("truncate")
      .Attr<int64_t>("slices")
      .Attr<double>("shift")
      .Ctx<ffi::ThreadPool>()
      .RemainingArgs()
      .RemainingRets();
}

// A cell that is stepped: its packed weights, and room for a walk of one step.
struct Stepper {
  virtual ~Stepper() = default;
  virtual void step(const void* x, void* sources, void* cells, void* y) = 0;
};

template <class T>
class StepperOf : public Stepper {
 public:
  StepperOf(const Words& words, int64_t inputs, int64_t units, const T* w, const T* u, const T* b, const T* p) {
    job_.variant = variant_of(words);
    job_.members = job_.batch = job_.time = job_.slices = 1;
    job_.inputs = inputs, job_.units = units;
    job_.w = w, job_.u = u, job_.b = b, job_.p = p;
    engine<T>().pack_forward(job_, 0, &packed_, &weights_);
  }
  void step(const void* x, void* sources, void* cells, void* y) override {
    FlushToZero flush;
    room_.reset();
    job_.x = static_cast<const T*>(x), job_.y = static_cast<T*>(y);
    job_.s0 = job_.s = static_cast<T*>(sources), job_.c0 = job_.c = static_cast<T*>(cells);
    engine<T>().forward(job_, 0, 0, packed_, &room_, nullptr);
  }

 private:
  Job<T> job_{};
  Packed<T> packed_{};
  Room weights_, room_;
};

}  // namespace
}  // namespace mnemon

#pragma GCC visibility push(default)

XLA_FFI_DEFINE_HANDLER_SYMBOL(mnemon_forward, mnemon::call<false>, mnemon::binding());
XLA_FFI_DEFINE_HANDLER_SYMBOL(mnemon_backward, mnemon::call<true>, mnemon::binding());

extern "C" {
// The name of the instruction set in use.
const char* mnemon_engine() { return mnemon::engines().name; }
// How many numbers, of so many bytes, a step of a sequence keeps for the way back.
int64_t mnemon_kept(int64_t kind, int64_t flags, int64_t units, int64_t bytes) {
  const mnemon::Variant variant = mnemon::variant_of({kind, 0, 0, flags, 0, 0, 1, 0.0});
  return bytes == 8 ? mnemon::engine<double>().kept(variant, units) : mnemon::engine<float>().kept(variant, units);
}

// One cell to be stepped, in numbers of so many bytes; weights as in a call of XLA, `p` may be null. They are copied.
// Null where memory is out.
void* mnemon_stepper_new(int64_t bytes, int64_t kind, int64_t squash_in, int64_t squash_out, int64_t flags, double shift,
                         int64_t inputs, int64_t units, const void* w, const void* u, const void* b, const void* p) {
  const mnemon::Words words{kind, squash_in, squash_out, flags, 0, 0, 1, shift};
  auto make = [&](auto number) -> mnemon::Stepper* {
    using T = decltype(number);
    return new mnemon::StepperOf<T>(words, inputs, units, static_cast<const T*>(w), static_cast<const T*>(u),
                                    static_cast<const T*>(b), static_cast<const T*>(p));
  };
  try {
    return bytes == 8 ? make(double()) : make(float());
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
// Takes one step: reads x, moves sources and cells on in place, writes the outputs.
void mnemon_stepper_step(void* stepper, const void* x, void* sources, void* cells, void* y) {
  static_cast<mnemon::Stepper*>(stepper)->step(x, sources, cells, y);
}
// Seconds of one step, over many on the same input: what it costs without Python.
double mnemon_stepper_seconds(void* stepper, int64_t steps, const void* x, void* sources, void* cells, void* y) {
  const auto begun = std::chrono::steady_clock::now();
  for (int64_t k = 0; k < steps; ++k) mnemon_stepper_step(stepper, x, sources, cells, y);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() / double(steps);
}
void mnemon_stepper_delete(void* stepper) { delete static_cast<mnemon::Stepper*>(stepper); }
}

#pragma GCC visibility pop

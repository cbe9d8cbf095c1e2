// Vectors of the width of the machine, and the squashing functions on them.
//
// exp(x) = 2^n e^r with n = round(x log2 e) and |r| <= ln(2)/2; e^r - 1 is a polynomial, so that tanh(x) =
// (e^2x - 1) / (e^2x + 1) keeps its relative accuracy near 0. Largest errors, measured against a wider type over the
// whole range (tests/kernels): tanh 3, logistic 3 units in the last place.
#pragma once
#include <cstdint>
#include <utility>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace {

template <class T>
struct Lanes {
  static constexpr int count = MNEMON_BYTES / sizeof(T);
  typedef T type __attribute__((vector_size(MNEMON_BYTES)));
  typedef T loose __attribute__((vector_size(MNEMON_BYTES), aligned(sizeof(T)), may_alias));
};

template <class T>
using Vec = typename Lanes<T>::type;

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

template <class T>
INLINE Vec<T> load(const T* at) {
  return *reinterpret_cast<const typename Lanes<T>::loose*>(at);
}

template <class T>
INLINE void store(T* at, Vec<T> v) {
  *reinterpret_cast<typename Lanes<T>::loose*>(at) = v;
}

template <class T>
INLINE Vec<T> all(T s) {
  return s - Vec<T>{};
}

// The first `count` lanes; the others are 0, or are left as they are.
#if defined(__AVX512F__)
INLINE Vec<float> load_part(const float* at, int64_t count) {
  return (Vec<float>)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), at);
}
INLINE Vec<double> load_part(const double* at, int64_t count) {
  return (Vec<double>)_mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), at);
}
INLINE void store_part(float* at, Vec<float> v, int64_t count) {
  _mm512_mask_storeu_ps(at, (__mmask16)((1u << count) - 1), (__m512)v);
}
INLINE void store_part(double* at, Vec<double> v, int64_t count) {
  _mm512_mask_storeu_pd(at, (__mmask8)((1u << count) - 1), (__m512d)v);
}
#else
template <class T>
__attribute__((noinline)) Vec<T> load_part(const T* at, int64_t count) {
  constexpr int lanes = Lanes<T>::count;
  alignas(MNEMON_BYTES) T room[lanes] = {};
  for (int64_t i = 0; i < smaller(count, lanes); ++i) room[i] = at[i];
  return load(room);
}
template <class T>
__attribute__((noinline)) void store_part(T* at, Vec<T> v, int64_t count) {
  constexpr int lanes = Lanes<T>::count;
  alignas(MNEMON_BYTES) T room[lanes];
  store(room, v);
  for (int64_t i = 0; i < smaller(count, lanes); ++i) at[i] = room[i];
}
#endif

template <class T>
INLINE Vec<T> load_some(const T* at, int64_t count) {
  return count >= Lanes<T>::count ? load(at) : load_part(at, count);
}
template <class T>
INLINE void store_some(T* at, Vec<T> v, int64_t count) {
  if (count >= Lanes<T>::count) store(at, v);
  else store_part(at, v, count);
}

template <class T>
struct Constants;

template <>
struct Constants<float> {
  typedef int32_t integer;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float magic = 12582912.0f, log2e = 1.44269504088896341f;
  static constexpr float ln2_high = 0.693145751953125f, ln2_low = 1.42860682030941723e-6f;
  static constexpr float largest = 87.0f, saturated = 10.0f;
};

template <>
struct Constants<double> {
  typedef int64_t integer;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double magic = 6755399441055744.0, log2e = 1.4426950408889634074;
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  static constexpr double largest = 708.0, saturated = 22.0;
};

// The first halves (FROM = 0) or second halves (FROM = lanes / 2) of two vectors, their lanes in turns.
template <class T, int FROM, int... LANE>
INLINE Vec<T> in_turns(Vec<T> a, Vec<T> b, std::integer_sequence<int, LANE...>) {
  constexpr int lanes = Lanes<T>::count;
#if defined(__clang__)
  return __builtin_shufflevector(a, b, (FROM + LANE / 2 + (LANE & 1) * lanes)...);
#else
  typedef typename Lanes<typename Constants<T>::integer>::type Places;
  return __builtin_shuffle(a, b, Places{(FROM + LANE / 2 + (LANE & 1) * lanes)...});
#endif
}

// As many vectors as a vector has lanes, turned over: lane k of vector m becomes lane m of vector k.
template <class T>
INLINE void turn_over(Vec<T> (&v)[Lanes<T>::count]) {
  constexpr int lanes = Lanes<T>::count;
  constexpr std::make_integer_sequence<int, lanes> each{};
#pragma GCC unroll 4
  for (int pass = 1; pass < lanes; pass *= 2) {
    Vec<T> next[lanes];
#pragma GCC unroll 8
    for (int k = 0; k < lanes / 2; ++k) {
      next[2 * k] = in_turns<T, 0>(v[k], v[k + lanes / 2], each);
      next[2 * k + 1] = in_turns<T, lanes / 2>(v[k], v[k + lanes / 2], each);
    }
#pragma GCC unroll 16
    for (int k = 0; k < lanes; ++k) v[k] = next[k];
  }
}

// (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, near-minimax.
INLINE Vec<float> tail_of_exp(Vec<float> r) {
  Vec<float> q = all<float>(0.0013926213466215237f);
  q = q * r + 0.008363202971573544f;
  q = q * r + 0.04166655443768711f;
  q = q * r + 0.16666576845994f;
  return q * r + 0.5f;
}

INLINE Vec<double> tail_of_exp(Vec<double> r) {
  constexpr double c[] = {0.5, 0.16666666666666707, 0.04166666666667011, 0.008333333333302119, 0.0013888888887781258, 0.00019841269939686423,
                          2.4801589517281533e-05, 2.7557184597107202e-06, 2.7554813579530995e-07, 2.5131055299706246e-08,
                          2.1928510423571467e-09};
  constexpr int n = sizeof(c) / sizeof(c[0]);
  Vec<double> q = all<double>(c[n - 1]);
#pragma GCC unroll 16
  for (int i = n - 2; i >= 0; --i) q = q * r + c[i];
  return q;
}

// 2^n and e^r - 1 with x = n ln 2 + r.
template <class T>
INLINE void split_exp(Vec<T> x, Vec<T>& scale, Vec<T>& rest) {
  using C = Constants<T>;
  typedef typename Lanes<typename C::integer>::type Bits;
  Vec<T> t = x * C::log2e + C::magic;
  Vec<T> n = t - C::magic;
  Vec<T> r = x - n * C::ln2_high;
  r = r - n * C::ln2_low;
  rest = r + (r * r) * tail_of_exp(r);
  Bits bits = ((Bits)t << C::mantissa) + ((typename C::integer)C::bias << C::mantissa);
  scale = (Vec<T>)bits;
}

template <class T>
INLINE Vec<T> clamp(Vec<T> x, T most) {  // a NaN stays one
  x = x > most ? all<T>(most) : x;
  return x < -most ? all<T>(-most) : x;
}

template <class T>
INLINE Vec<T> logistic(Vec<T> x) {
  Vec<T> scale, rest;
  split_exp<T>(-clamp<T>(x, Constants<T>::largest), scale, rest);
  return T(1) / (T(1) + (scale + scale * rest));
}

template <class T>
INLINE Vec<T> hyperbolic_tangent(Vec<T> x) {
  Vec<T> scale, rest;
  x = clamp<T>(x, Constants<T>::saturated);
  split_exp<T>(x + x, scale, rest);
  Vec<T> less_one = scale * rest + (scale - T(1));
  return less_one / (less_one + T(2));
}

template <class T>
INLINE Vec<T> squash(int kind, Vec<T> a) {
  switch (kind) {
    case mnemon::kTanh: return hyperbolic_tangent<T>(a);
    case mnemon::kLogistic: return logistic<T>(a);
    case mnemon::kRelu: return a < T(0) ? Vec<T>{} : a;
    case mnemon::kLogistic1: return hyperbolic_tangent<T>(a * T(0.5));
    case mnemon::kLogistic2: return T(2) * hyperbolic_tangent<T>(a * T(0.5));
    default: return a;
  }
}

// The slope, from the value.
template <class T>
INLINE Vec<T> slope(int kind, Vec<T> v) {
  switch (kind) {
    case mnemon::kTanh: return T(1) - v * v;
    case mnemon::kLogistic: return v - v * v;
    case mnemon::kRelu: return v > T(0) ? all<T>(1) : Vec<T>{};
    case mnemon::kLogistic1: return (T(1) - v * v) * T(0.5);
    case mnemon::kLogistic2: return T(1) - v * v * T(0.25);
    default: return all<T>(1);
  }
}

}  // namespace

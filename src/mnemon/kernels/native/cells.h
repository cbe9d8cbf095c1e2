// The point-wise steps: nets to states, and errors of states to errors of nets. Everything else is the same for all.
//
// `forward` gets the nets of one vector of units and says the new sources; `backward` gets the errors of the sources
// after the step, and the error of the cells, and says the errors of the nets, the cells before, and of the sources
// before in so far as they do not pass through weights (`direct`).
#pragma once
#include "job.h"
#include "vector.h"

namespace {

using mnemon::Variant;

// h = f(net); f is the variant's, or one that is known when this is compiled.
template <class T, int SQUASH = -1>
struct Elman {
  static constexpr int groups = 1, input_groups = 1, recurrent_first = 0, recurrent_groups = 1, sources = 1, kept = 0;
  static constexpr bool has_cells = false, has_peepholes = false, reads_source = false;
  typedef Vec<T> V;
  static INLINE int squash_of(const Variant& v) { return SQUASH < 0 ? v.squash_in : SQUASH; }
  static INLINE void forward(const Variant& v, const V* net, V, V&, V* out, V*, const V*) {
    out[0] = squash<T>(squash_of(v), net[0]);
  }
  static INLINE void backward(const Variant& v, const V* error, V, V, V after, const V*, V& cell_error, V* net_error,
                              V* direct, const V*, V*) {
    net_error[0] = error[0] * slope<T>(squash_of(v), after);
    direct[0] = V{};
    cell_error = V{};
  }
};

// Groups of the nets: candidate, update, reset, remembered. Inputs drive the first three, sources the last three.
// h' = n + z (h - n),   n = tanh(candidate + r * remembered)
template <class T>
struct Gru {
  static constexpr int groups = 4, input_groups = 3, recurrent_first = 1, recurrent_groups = 3, sources = 1, kept = 4;
  static constexpr bool has_cells = false, has_peepholes = false, reads_source = true;
  typedef Vec<T> V;
  static INLINE void forward(const Variant&, const V* net, V before, V&, V* out, V* keep, const V*) {
    V z = logistic<T>(net[1]), r = logistic<T>(net[2]);
    V n = hyperbolic_tangent<T>(net[0] + r * net[3]);
    out[0] = n + z * (before - n);
    keep[0] = n, keep[1] = z, keep[2] = r, keep[3] = net[3];
  }
  static INLINE void backward(const Variant&, const V* error, V, V before, V, const V* keep, V& cell_error,
                              V* net_error, V* direct, const V*, V*) {
    V n = keep[0], z = keep[1], r = keep[2];
    net_error[0] = error[0] * (T(1) - z) * (T(1) - n * n);
    net_error[1] = error[0] * (before - n) * (z - z * z);
    net_error[2] = net_error[0] * keep[3] * (r - r * r);
    net_error[3] = net_error[0] * r;
    direct[0] = error[0] * z;
    cell_error = V{};
  }
};

// Groups of the nets: input gate, forget gate, output gate, cell input.
// c' = f c + i g,   y = o tanh(c')
template <class T>
struct Lstm {
  static constexpr int groups = 4, input_groups = 4, recurrent_first = 0, recurrent_groups = 4, sources = 1, kept = 5;
  static constexpr bool has_cells = true, has_peepholes = false, reads_source = false;
  typedef Vec<T> V;
  static INLINE void forward(const Variant&, const V* net, V, V& cells, V* out, V* keep, const V*) {
    V i = logistic<T>(net[0]), f = logistic<T>(net[1]), o = logistic<T>(net[2]);
    V g = hyperbolic_tangent<T>(net[3]);
    cells = f * cells + i * g;
    out[0] = o * hyperbolic_tangent<T>(cells);
    keep[0] = i, keep[1] = f, keep[2] = o, keep[3] = g, keep[4] = cells;
  }
  static INLINE void backward(const Variant&, const V* error, V cells_before, V, V, const V* keep, V& cell_error,
                              V* net_error, V* direct, const V*, V*) {
    V i = keep[0], f = keep[1], o = keep[2], g = keep[3], s = hyperbolic_tangent<T>(keep[4]);
    V e = cell_error + error[0] * o * (T(1) - s * s);
    net_error[0] = e * g * (i - i * i);
    net_error[1] = e * cells_before * (f - f * f);
    net_error[2] = error[0] * s * (o - o * o);
    net_error[3] = e * i * (T(1) - g * g);
    cell_error = e * f;
    direct[0] = V{};
  }
};

// Any row of the table; with SOURCES = 4 the gates feed back beside the cells.
template <class T, int SOURCES>
struct LstmRow {
  static constexpr int groups = 4, input_groups = 4, recurrent_first = 0, recurrent_groups = 4, sources = SOURCES;
  static constexpr int kept = 5;
  static constexpr bool has_cells = true, has_peepholes = true, reads_source = false;
  typedef Vec<T> V;
  static INLINE void forward(const Variant& v, const V* net, V, V& cells, V* out, V* keep, const V* peep) {
    V i = all<T>(1), f = all<T>(1), o = all<T>(1);
    V seen_i = net[0], seen_f = net[1];
    if (v.peepholes) seen_i += peep[0] * cells, seen_f += peep[1] * cells;
    if (v.input_gate) i = logistic<T>(seen_i);
    if (v.forget_gate) f = logistic<T>(seen_f);
    if (v.coupled && v.input_gate) f = T(1) - logistic<T>(seen_i - T(v.shift));
    if (v.coupled && v.forget_gate) i = T(1) - logistic<T>(seen_f - T(v.shift));
    V g = squash<T>(v.squash_in, net[3]);
    cells = f * cells + i * g;
    V seen_o = net[2];
    if (v.peepholes) seen_o += peep[2] * cells;
    if (v.output_gate) o = logistic<T>(seen_o);
    out[0] = o * squash<T>(v.squash_out, cells);
    if constexpr (SOURCES == 4) {
      out[1] = v.input_gate ? i : V{};
      out[2] = v.forget_gate ? f : V{};
      out[3] = v.output_gate ? o : V{};
    }
    keep[0] = i, keep[1] = f, keep[2] = o, keep[3] = g, keep[4] = cells;
  }
  static INLINE void backward(const Variant& v, const V* error, V cells_before, V, V, const V* keep, V& cell_error,
                              V* net_error, V* direct, const V* peep, V* peep_error) {
    V i = keep[0], f = keep[1], o = keep[2], g = keep[3], c = keep[4];
    V s = squash<T>(v.squash_out, c);
    V oe = error[0] * s, ie{}, fe{};
    if constexpr (SOURCES == 4) ie = error[1], fe = error[2], oe += error[3];
    V e = cell_error + error[0] * o * slope<T>(v.squash_out, s);
    V at_o = v.output_gate ? oe * (o - o * o) : V{};
    if (v.peepholes && !v.cut) e += at_o * peep[2];
    // A coupled gate's own error goes to the gate that it is formed from.
    V ie_all = e * g, fe_all = e * cells_before;
    V at_i{}, at_f{};
    if (v.input_gate) {
      at_i = (ie_all + ie) * (i - i * i);
      if (v.coupled) at_i -= fe_all * (f - f * f);
    }
    if (v.forget_gate) {
      at_f = (fe_all + fe) * (f - f * f);
      if (v.coupled) at_f -= ie_all * (i - i * i);
    }
    net_error[0] = at_i, net_error[1] = at_f, net_error[2] = at_o;
    net_error[3] = e * i * slope<T>(v.squash_in, g);
    cell_error = e * f;
    if (v.peepholes) {
      if (!v.cut) cell_error += at_i * peep[0] + at_f * peep[1];
      peep_error[0] += at_i * cells_before;
      peep_error[1] += at_f * cells_before;
      peep_error[2] += at_o * c;
    }
#pragma GCC unroll 4
    for (int j = 0; j < SOURCES; ++j) direct[j] = V{};
  }
};

}  // namespace

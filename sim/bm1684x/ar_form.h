// What an AR command asks for, checked: shape, where its operands lie, the law of its elements.
#pragma once

#include "sim/bm1684x/element_law.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {

struct ArForm {
  TensorView result;
  TensorView a, b;  // not checked; of a constant only the shape counts
};

// Throws Error(unsupported) for layouts that do not exist, Error(fault) for a result outside of its lane.
ArForm make_ar_form(const TiuCommand& command);
// Of all operations but cast.
ElementLaw make_ar_law(const TiuJob& job);

}  // namespace vnpu::bm1684x

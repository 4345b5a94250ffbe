// A measure as `status --json` shows it, wherever it is shown.
#pragma once

#include "daemon/app/evaluation.hpp"
#include "daemon/cli/json.hpp"

namespace baselined::daemon {

void write_measure(Json& json, const MeasureView& view);

}  // namespace baselined::daemon

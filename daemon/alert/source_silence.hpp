// Whether a source is silent, and which measures hang on it.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/evaluation.hpp"

namespace baselined::daemon {

/// Which streams are silent, and what their source said last; empty: none is.
std::string silence_of(const config::Source& source, const WatchedSource& watched, Store& store, Instant now);
/// The ids of the measures that one of its streams feeds.
std::vector<std::string> measures_of(const config::Source& source, const Portfolio& portfolio,
                                     const std::vector<MeasureView>& views);

}  // namespace baselined::daemon

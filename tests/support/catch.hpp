// The one place that knows where Catch2 lives (version 2 in Debian 12, version 3 elsewhere).
#pragma once
#include <catch2/catch.hpp>

// Jira Service Management's SLA fields as `slas`: one element per cycle (design.md, "Mapping").
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "mappings/mapping/compiled_mapping.hpp"

namespace baselined::connectors::jira {

/// Adds `slas` to the issue, of the fields that hold an SLA: null, not started, completed and running cycles.
/// A running cycle keeps its number, and so its id, when it completes. `breached` and the times are trusted
/// as they are: business calendars make elapsed time no difference of two clocks.
void add_slas(rapidjson::Value& issue, std::span<const mappings::JiraField> sla_fields,
              rapidjson::Document::AllocatorType& allocator);

/// The issue has a cycle, running or completed, in this field.
bool has_cycle(const rapidjson::Value& issue, const mappings::JiraField& sla_field);

/// An SLA is shown in one of the fields, be it one that has no cycle yet.
bool shows_sla(const rapidjson::Value& issue, std::span<const mappings::JiraField> sla_fields);

/// Those that add_slas() added to an issue, in its stored text; none: it has no cycle. The document owns
/// them.
const rapidjson::Value* stored_slas(rapidjson::Document& document, const std::string& text);

/// No time at which a running cycle may breach: it has, or it is paused and does not say.
constexpr std::int64_t no_breach_ms = INT64_MAX;

/// When the first running cycle may be breached, at the earliest, or no_breach_ms; nullopt when none runs.
/// Passing that time bumps no `updated`: the issue has to be read again. A cycle that does not say when it
/// breaches does so when its remaining time has passed (a calendar makes it later, never earlier); one that
/// says neither may any moment.
std::optional<std::int64_t> next_breach(const rapidjson::Value& issue,
                                        std::span<const mappings::JiraField> sla_fields, std::int64_t now_ms);

}  // namespace baselined::connectors::jira

#include "connectors/jira/sla_cycles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/search_api.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::connectors::jira {

namespace {

using mappings::member;
using rapidjson::Value;
using Allocator = rapidjson::Document::AllocatorType;

/// `{iso8601, jira, friendly, epochMillis}` as milliseconds.
Value moment(const Value& cycle, const char* name) {
    const Value* date = member(cycle, name);
    const Value* millis = date == nullptr ? nullptr : member(*date, "epochMillis");
    return millis != nullptr && millis->IsInt64() ? Value(millis->GetInt64()) : Value();
}

bool is_true(const Value& object, const char* name) {
    const Value* value = member(object, name);
    return value != nullptr && value->IsTrue();
}

class CycleWriter {
  public:
    CycleWriter(std::string issue, Value& slas, Allocator& allocator)
        : issue_(std::move(issue)), slas_(slas), allocator_(allocator) {}

    void add(const mappings::JiraField& field, const std::string& name, int number, const char* state,
             const Value& cycle) {
        Value sla(rapidjson::kObjectType);
        put(sla, "id", fmt::format("{}-{}-{}", issue_, field.id, number));
        put(sla, "name", name);
        sla.AddMember("cycle", number, allocator_);
        put(sla, "state", state);
        sla.AddMember("started_at", moment(cycle, "startTime"), allocator_);
        sla.AddMember("ended_at", moment(cycle, "stopTime"), allocator_);
        sla.AddMember("due_at", moment(cycle, "breachTime"), allocator_);
        sla.AddMember("breached", is_true(cycle, "breached"), allocator_);
        slas_.PushBack(sla, allocator_);
    }

  private:
    void put(Value& object, const char* name, const std::string& text) {
        object.AddMember(rapidjson::StringRef(name), Value(text.c_str(), allocator_), allocator_);
    }

    std::string issue_;
    Value& slas_;
    Allocator& allocator_;
};

}  // namespace

void add_slas(Value& issue, std::span<const mappings::JiraField> sla_fields, Allocator& allocator) {
    Value slas(rapidjson::kArrayType);
    CycleWriter writer(text_of(issue, "id"), slas, allocator);
    const Value* fields = member(issue, "fields");
    for (const auto& field : sla_fields) {
        const Value* sla = fields == nullptr ? nullptr : member(*fields, field.id.c_str());
        if (sla == nullptr || !sla->IsObject()) continue;
        const std::string own_name = text_of(*sla, "name");
        const std::string& name = own_name.empty() ? field.name : own_name;
        int number = 0;
        if (const Value* completed = member(*sla, "completedCycles");
            completed != nullptr && completed->IsArray())
            for (const Value& cycle : completed->GetArray())
                writer.add(field, name, ++number, "completed", cycle);
        if (const Value* running = member(*sla, "ongoingCycle"); running != nullptr && running->IsObject())
            writer.add(field, name, ++number, is_true(*running, "paused") ? "paused" : "in_progress",
                       *running);
    }
    issue.RemoveMember("slas");
    issue.AddMember("slas", slas, allocator);
}

std::optional<std::int64_t> next_breach(const Value& issue) {
    std::optional<std::int64_t> earliest;
    const Value* slas = member(issue, "slas");
    if (slas == nullptr || !slas->IsArray()) return earliest;
    for (const Value& sla : slas->GetArray()) {
        const Value* due = member(sla, "due_at");
        if (text_of(sla, "state") == "completed" || is_true(sla, "breached") || due == nullptr ||
            !due->IsInt64())
            continue;
        earliest = earliest ? std::min(*earliest, due->GetInt64()) : due->GetInt64();
    }
    return earliest;
}

}  // namespace baselined::connectors::jira

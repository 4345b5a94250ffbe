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

std::optional<std::int64_t> millis_of(const Value& cycle, const char* name, const char* unit) {
    const Value* value = member(cycle, name);
    const Value* millis = value == nullptr || !value->IsObject() ? nullptr : member(*value, unit);
    return millis != nullptr && millis->IsInt64() ? std::make_optional(millis->GetInt64()) : std::nullopt;
}

bool is_true(const Value& object, const char* name) {
    const Value* value = member(object, name);
    return value != nullptr && value->IsTrue();
}

/// `{iso8601, jira, friendly, epochMillis}` as milliseconds.
Value moment(const Value& cycle, const char* name) {
    const auto millis = millis_of(cycle, name, "epochMillis");
    return millis ? Value(*millis) : Value();
}

std::int64_t breach_of(const Value& cycle, std::int64_t now_ms) {
    if (is_true(cycle, "breached")) return no_breach_ms;
    if (const auto due = millis_of(cycle, "breachTime", "epochMillis")) return *due;
    if (const auto left = millis_of(cycle, "remainingTime", "millis"))
        return now_ms + std::max<std::int64_t>(*left, 0);
    return is_true(cycle, "paused") ? no_breach_ms : now_ms;
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

bool has_cycle(const Value& issue, const mappings::JiraField& sla_field) {
    const Value* fields = member(issue, "fields");
    const Value* sla = fields == nullptr ? nullptr : member(*fields, sla_field.id.c_str());
    if (sla == nullptr) return false;
    const Value *completed = member(*sla, "completedCycles"), *running = member(*sla, "ongoingCycle");
    return (completed != nullptr && completed->IsArray() && !completed->Empty()) ||
           (running != nullptr && running->IsObject());
}

bool shows_sla(const Value& issue, std::span<const mappings::JiraField> sla_fields) {
    const Value* fields = member(issue, "fields");
    return fields != nullptr && std::any_of(sla_fields.begin(), sla_fields.end(), [&](const auto& field) {
               const Value* sla = member(*fields, field.id.c_str());
               return sla != nullptr && sla->IsObject();
           });
}

const Value* stored_slas(rapidjson::Document& document, const std::string& text) {
    document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    const Value* slas = document.HasParseError() ? nullptr : member(document, "slas");
    return slas != nullptr && slas->IsArray() && !slas->Empty() ? slas : nullptr;
}

std::optional<std::int64_t> next_breach(const Value& issue, std::span<const mappings::JiraField> sla_fields,
                                        std::int64_t now_ms) {
    std::optional<std::int64_t> earliest;
    const Value* fields = member(issue, "fields");
    for (const auto& field : sla_fields) {
        const Value* sla = fields == nullptr ? nullptr : member(*fields, field.id.c_str());
        const Value* cycle = sla == nullptr || !sla->IsObject() ? nullptr : member(*sla, "ongoingCycle");
        if (cycle == nullptr || !cycle->IsObject()) continue;
        const std::int64_t due = breach_of(*cycle, now_ms);
        earliest = std::min(earliest.value_or(due), due);
    }
    return earliest;
}

}  // namespace baselined::connectors::jira

#include <algorithm>
#include <random>

#include "mappings/indicator/memory_postings.hpp"
#include "mappings/indicator/update.hpp"
#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::mappings;

namespace {

/// Records in memory, by number.
class MemoryRecords final : public RecordSource {
  public:
    bool load(RecordId id, Record& record, std::int64_t& source) const override {
        const auto found = records.find(id);
        if (found == records.end()) return false;
        record = found->second;
        source = 1;
        return true;
    }
    std::map<RecordId, Record> records;
};

Scalar word(const char* text) {
    return {text, {}};
}

ConditionDefinition field_is(const char* field, const char* value,
                             FieldTest::Operator op = FieldTest::Operator::any_of) {
    ConditionDefinition condition;
    condition.node = ConditionDefinition::Node::field;
    condition.field = word(field);
    condition.tests.push_back({op, {word(value)}, {}});
    return condition;
}

IndicatorDefinition indicator(Kind kind, Form form) {
    IndicatorDefinition definition;
    definition.name = std::string(name_of(form));
    definition.kind = kind;
    definition.form = form;
    return definition;
}

struct World {
    Schemas schemas;
    const date::time_zone* zone = find_zone("Europe/Berlin");
    IndicatorSet set{schemas, zone};
    Problems problems;
    std::vector<std::size_t> series;

    World() {
        auto recurrence = indicator(Kind::incident, Form::share);
        recurrence.at = word("opened_at");
        recurrence.where.children.push_back(field_is("state", "cancelled", FieldTest::Operator::not_any_of));
        ConditionDefinition recurs;
        recurs.node = ConditionDefinition::Node::recurs;
        recurs.recurs = RecursDefinition{{word("service"), word("ci")}, std::chrono::hours{24 * 30}, {}};
        recurrence.share.children.push_back(recurs);
        add(recurrence);

        for (const Form form : {Form::mean, Form::median}) {
            auto restore = indicator(Kind::incident, form);
            restore.at = word("resolved_at");
            restore.of.from = word("opened_at");
            restore.of.to = word("resolved_at");
            add(restore);
        }
        for (const Form form : {Form::backlog, Form::age, Form::uptime}) {
            auto open = indicator(Kind::incident, form);
            open.of.from = word("opened_at");
            open.of.to = word("resolved_at");
            add(open);
        }
        auto named = indicator(Kind::change, Form::share);
        named.at = word("ended_at");
        ConditionDefinition by_incident;
        by_incident.node = ConditionDefinition::Node::named_by;
        by_incident.named_by = NamedByDefinition{Kind::incident, word("caused_by"), {}};
        named.share.children.push_back(by_incident);
        add(named);
        auto followed = indicator(Kind::change, Form::share);
        followed.at = word("ended_at");
        ConditionDefinition by_incidents;
        by_incidents.node = ConditionDefinition::Node::followed_by;
        by_incidents.followed_by =
            FollowedByDefinition{Kind::incident, {word("ci")}, std::chrono::hours{72}, {}};
        followed.share.children.push_back(by_incidents);
        add(followed);
    }

    void add(const IndicatorDefinition& definition) {
        const auto index = set.add(definition, problems);
        REQUIRE(index);
        ConditionDefinition scope;
        for (const bool narrow : {false, true}) {
            if (narrow) scope.children.push_back(field_is("service", "vpn"));
            const auto added = set.add_series(*index, scope, PeriodLength::month, problems);
            REQUIRE(added);
            series.push_back(*added);
        }
    }
};

Instant random_instant(std::mt19937& rng, int days) {
    // Few distinct instants: ties, neighbours and clusters are where mistakes hide.
    return Instant{std::chrono::hours{24} * 20000 +
                   std::chrono::hours{6 * std::uniform_int_distribution<int>(0, days * 4)(rng)}};
}

Record random_record(std::mt19937& rng, const Schemas& schemas, int id) {
    const auto pick = [&](int most) { return std::uniform_int_distribution<int>(0, most)(rng); };
    const Kind kind = pick(3) == 0 ? Kind::change : Kind::incident;
    const Schema& schema = schemas.of(kind);
    Record record(kind);
    record.set_text(slot_id, std::to_string(id));
    record.set_text(slot_number, (kind == Kind::change ? "C" : "I") + std::to_string(id));
    record.set_text(slot_service, pick(1) == 0 ? "vpn" : "mail");
    if (pick(9) > 0) record.set_text(slot_ci, "ci" + std::to_string(pick(2)));
    if (kind == Kind::change) {
        record.set_timestamp(*schema.find("ended_at"), random_instant(rng, 120));
        return record;
    }
    if (pick(5) == 0) record.set_choice(*schema.find("state"), 5);
    record.set_timestamp(*schema.find("opened_at"), random_instant(rng, 120));
    if (pick(2) > 0) record.set_timestamp(*schema.find("resolved_at"), random_instant(rng, 150));
    if (pick(3) == 0)
        record.set_text(*schema.find("caused_by"), (pick(1) == 0 ? "C" : "") + std::to_string(pick(40)));
    return record;
}

std::map<TallyKey, Tally> recomputed(World& world, const MemoryRecords& records) {
    MemoryPostings postings;
    std::vector<std::int64_t> lists;
    for (std::size_t list = 0; list < world.set.list_count(); ++list) {
        lists.push_back(static_cast<std::int64_t>(list));
        std::vector<Posting> found;
        for (const auto& [id, record] : records.records) world.set.postings_of(list, id, 1, record, found);
        for (const Posting& posting : found)
            postings.insert_posting(static_cast<std::int64_t>(list), posting);
    }
    const auto scan = [&](Kind kind, const auto& visit) {
        for (const auto& [id, record] : records.records)
            if (record.kind() == kind) visit(id, 1, record);
    };
    auto tallies = recompute(world.set, world.series, scan, postings, lists, records);
    std::erase_if(tallies, [](const auto& entry) { return entry.second.is_empty(); });
    return tallies;
}

/// Design: another record that passes `where`, with the same fields, was placed before and at most 30 days
/// before; at the same instant the smaller id first. Looked for among all pairs.
std::int64_t recurring_by_hand(const MemoryRecords& records, const Schemas& schemas) {
    const Schema& schema = schemas.of(Kind::incident);
    const Slot opened = *schema.find("opened_at"), state = *schema.find("state");
    std::int64_t count = 0;
    for (const auto& [id, record] : records.records) {
        if (record.kind() != Kind::incident || record.has(state) || !record.has(slot_ci)) continue;
        for (const auto& [other_id, other] : records.records) {
            if (other_id == id || other.kind() != Kind::incident || other.has(state) || !other.has(slot_ci))
                continue;
            if (other.text(slot_ci) != record.text(slot_ci) ||
                other.text(slot_service) != record.text(slot_service))
                continue;
            const Instant at = record.get(opened).instant(), before = other.get(opened).instant();
            const bool first = before < at || (before == at && std::stoi(std::string(other.id())) <
                                                                   std::stoi(std::string(record.id())));
            if (!first || at - before > std::chrono::hours{24 * 30}) continue;
            ++count;
            break;
        }
    }
    return count;
}

}  // namespace

TEST_CASE("tallies kept by difference equal those recomputed from all records, whatever changes") {
    const unsigned seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
    std::mt19937 rng(seed);
    World world;
    MemoryRecords records;
    MemoryPostings postings;
    std::vector<std::int64_t> lists;
    for (std::size_t list = 0; list < world.set.list_count(); ++list)
        lists.push_back(static_cast<std::int64_t>(list));
    std::map<TallyKey, Tally> kept;
    for (int batch = 0; batch < 60; ++batch) {
        std::map<RecordId, std::pair<std::optional<Record>, std::optional<Record>>> versions;
        const int size = std::uniform_int_distribution<int>(1, 12)(rng);
        for (int i = 0; i < size; ++i) {
            const RecordId id = std::uniform_int_distribution<int>(1, 60)(rng);
            if (versions.contains(id)) continue;
            auto& [before, after] = versions[id];
            if (records.records.contains(id)) before = records.records.at(id);
            const bool removed = before && std::uniform_int_distribution<int>(0, 4)(rng) == 0;
            if (removed) continue;
            // A record keeps its kind: kind and id together are what it is.
            do after = random_record(rng, world.schemas, static_cast<int>(id));
            while (before && after->kind() != before->kind());
        }
        std::vector<RecordChange> changes;
        for (const auto& [id, version] : versions)
            changes.push_back({id, 1, version.first ? &*version.first : nullptr,
                               version.second ? &*version.second : nullptr});
        const TallyDeltas deltas = update(world.set, changes, postings, lists, records);
        for (const auto& [key, delta] : deltas) REQUIRE(apply(delta, kept[key]));
        std::erase_if(kept, [](const auto& entry) { return entry.second.is_empty(); });
        for (const auto& [id, version] : versions) {
            if (version.second)
                records.records[id] = *version.second;
            else
                records.records.erase(id);
        }
        const auto expected = recomputed(world, records);
        REQUIRE(kept.size() == expected.size());
        REQUIRE(kept == expected);
        std::int64_t recurring = 0;
        for (const auto& [key, tally] : kept)
            if (key.first == world.series.front()) recurring += tally.sum.high();
        REQUIRE(recurring == recurring_by_hand(records, world.schemas));
    }
}

TEST_CASE("exact sums can grow and shrink without drift") {
    std::mt19937 rng(11);
    std::vector<double> values;
    ExactSum sum;
    for (int i = 0; i < 1000; ++i) {
        values.push_back(std::uniform_real_distribution<double>(-1e6, 1e6)(rng));
        sum += ExactSum::of(values.back());
    }
    std::shuffle(values.begin(), values.end(), rng);
    for (const double value : values) sum -= ExactSum::of(value);
    CHECK(sum == ExactSum{});
    CHECK(ExactSum::of(-2.25).value() == -2.25);
    CHECK(ExactSum::of(0.1).value() == Approx(0.1).epsilon(1e-15));
}

TEST_CASE("percentiles are linear between ranks") {
    CHECK(percentile_of({1, 2, 3, 4}, 50) == 2.5);
    CHECK(percentile_of({1, 2, 3, 4}, 90) == Approx(3.7));
    CHECK(percentile_of({7}, 90) == 7);
}

// How far a Jira stream has been read, as text for the store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::connectors::jira {

/// Most of what is stored, or a project, was not to be seen when ids were compared.
struct LostAccess {
    std::string note;              ///< what is told meanwhile
    std::vector<std::string> ids;  ///< some of the issues
    std::int64_t again_ms = 0;     ///< when all ids are compared again, whether these are seen or not
    std::int64_t pause_ms = 0;
    bool is_access = false;  ///< rather than an index that lags, or looks that were not answered
};

/// What the newest round of looks for missing issues by their ids found, besides those that are gone. Told
/// until the next one.
struct Looks {
    std::int64_t withheld = 0;  ///< the site does not show so many issues, though they may be there
    std::string words;          ///< why, of one of them, whose id they begin with
    std::int64_t archived = 0;  ///< so many left the store, each archived by itself
    std::int64_t left = 0;      ///< so many are still to be looked for

    bool operator==(const Looks&) const = default;
};

/// Fields as earlier readings met them. What is gone now would empty records in silence.
struct MetFields {
    /// Ids of the custom fields that were found by their names: a renamed field keeps its id.
    std::map<std::string, std::vector<std::string>> by_name;
    std::map<std::string, std::string>
        shown;  ///< names by id: the site listed it, an issue had a value in it
    /// By the name of several fields: the key of an issue that has different values in them.
    std::map<std::string, std::string> differing;
    /// Ids of fields that the site does not list, and that issues show: not every site lists all of Jira's
    /// own.
    std::set<std::string> unlisted;
    std::map<std::string, std::string> slas;  ///< the same of the fields of SLAs: an issue had a cycle in it
};

struct Cursor {
    std::string site, cloud_id;   ///< where its issues are; empty in cursors of before, and without one
    std::string fingerprint;      ///< of JQL, fields and `since`: another one's cursor says nothing here
    std::int64_t updated_ms = 0;  ///< every issue updated before has been stored
    bool is_first_done = false;
    /// Issues with a running SLA cycle, and when it may breach (no_breach_ms: never); at 0 those that came
    /// without their fields, and by their keys those that came without an id.
    std::map<std::string, std::int64_t> running;
    bool is_of_others = false;  ///< issues are stored that another query may have met: to be compared
    MetFields met;
    std::set<std::string> slaless;  ///< projects whose SLAs are shown no longer: their cycles are kept
    std::optional<LostAccess> lost;
    /// Missing issues were looked for by their ids up to this one, in the order of texts; the next reading
    /// goes on behind it. Empty: none is left of the round.
    std::string looked_to;
    Looks looks;

    [[nodiscard]] std::string text() const;
    static std::optional<Cursor> parse(std::string_view text);
};

}  // namespace baselined::connectors::jira

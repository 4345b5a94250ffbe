// What a connector brings from an instance or site: rows, what is gone, and how far it has read.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/stored_rows.hpp"
#include "mappings/mapping/compiled_mapping.hpp"
#include "mappings/record/cell.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

/// A row in one version, under the id that the source gives it for ever. Views into the page's texts.
struct SourceRowData {
    std::string_view id;
    std::int64_t version = 0;                 ///< milliseconds of its last update, as the source says
    std::span<const std::string_view> cells;  ///< by the page's columns; a JSON page has one, the row's text
};

/// What a page's rows look into; both lists keep their members where they are.
struct PageTexts {
    std::deque<std::string> texts;
    std::deque<std::vector<std::string_view>> cells;
};

struct Page {
    bool is_json = false;
    std::vector<std::string> columns;         ///< of a table
    std::vector<mappings::JiraField> fields;  ///< of a JSON page: what its custom fields are called
    std::vector<SourceRowData> rows;
    std::vector<std::string> deleted;  ///< ids that the source holds no longer
    std::string cursor;                ///< to be stored with the rows, in the same transaction
    /// What is stored of the stream came from elsewhere: it leaves with this page, and the stream counts as
    /// one that was never read to its end.
    bool begins_anew = false;
    /// Its rows were asked for by id, and are what the source shows now: they replace newer versions, too. An
    /// import, or a script that sets system fields, lets a row's update go back.
    bool is_as_of_now = false;
    bool is_reconciled = false;  ///< the ids were compared with this page: note the time
    std::shared_ptr<PageTexts> texts = std::make_shared<PageTexts>();

    /// A row with texts of its own.
    void add(std::string id, std::int64_t version, std::vector<std::string> row) {
        auto& cells = texts->cells.emplace_back();
        for (std::string& cell : row) cells.push_back(texts->texts.emplace_back(std::move(cell)));
        rows.push_back({texts->texts.emplace_back(std::move(id)), version, cells});
    }
};

/// Stores a page; what it refuses ends the reading. Pages come one after the other.
using PageSink = std::function<boost::asio::awaitable<Result<void>>(Page page)>;

/// How a stream stands before a reading.
struct StreamPosition {
    std::string cursor;  ///< as the last stored page gave it; empty: from the beginning
    bool wants_reconciling = false;
    std::shared_ptr<StoredRows> stored;  ///< to be compared with what is there
};

/// Something that could not be read by a reading that came to its end.
struct Note {
    /// A gap: a field of the mapping is not there for all rows, or rows are hidden. What is stored is not
    /// whole. A remark is of what only describes records: it is said, and is no failure. A loss: what is
    /// stored is seen no more, rather for lack of rights than gone, and what is new there is not seen either.
    /// Such a reading is not complete: measures go stale.
    enum class About { other, gap, remark, loss };
    std::string text;
    About about = About::other;

    bool operator==(const Note&) const = default;
};
using Notes = std::vector<Note>;

/// A few rows for people to look at, and what the account could not read.
struct Sample {
    Page page;
    Notes notes;
};

}  // namespace baselined::connectors

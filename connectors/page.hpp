// What a connector brings from an instance or site: rows, what is gone, and how far it has read.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mappings/mapping/compiled_mapping.hpp"
#include "mappings/record/cell.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

/// A row in one version, under the id that the source gives it for ever.
struct SourceRowData {
    std::string id;
    std::int64_t version = 0;        ///< milliseconds of its last update, as the source says
    std::vector<std::string> cells;  ///< by the page's columns; a JSON page has one, the row's text
};

struct Page {
    bool is_json = false;
    std::vector<std::string> columns;         ///< of a table
    std::vector<mappings::JiraField> fields;  ///< of a JSON page: what its custom fields are called
    std::vector<SourceRowData> rows;
    std::vector<std::string> deleted;  ///< ids that the source holds no longer
    std::string cursor;                ///< to be stored with the rows, in the same transaction
    bool is_reconciled = false;        ///< the ids were compared with this page: note the time
};

/// Stores a page; what it refuses ends the reading. Pages come one after the other.
using PageSink = std::function<boost::asio::awaitable<Result<void>>(Page page)>;

/// How a stream stands before a reading.
struct StreamPosition {
    std::string cursor;  ///< as the last stored page gave it; empty: from the beginning
    bool wants_reconciling = false;
    /// The ids that are stored: asked for when ids are compared.
    std::function<boost::asio::awaitable<std::vector<std::string>>()> stored_ids;
};

/// What a complete reading has to say besides its rows: things that could not be read.
using Notes = std::vector<std::string>;

}  // namespace baselined::connectors

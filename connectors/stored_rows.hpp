// What is stored of a stream, to be compared with what its source lists.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace baselined::connectors {

/// A row as its source lists it: its id, and when it was updated, in milliseconds; 0 where it shows no time.
struct ListedRow {
    std::string id;
    std::int64_t version = 0;
};

/// One comparison, a page of the listing at a time: memory does not grow with the table.
class StoredRows {
  public:
    virtual ~StoredRows() = default;

    /// How many are stored.
    virtual boost::asio::awaitable<std::int64_t> count() = 0;
    /// Ids of those that came into the store last, at most so many.
    virtual boost::asio::awaitable<std::vector<std::string>> newest(std::size_t most) = 0;
    /// Those of a page of the listing that are not stored, or in another version: an older one, or a newer
    /// one where the update went back. A row that is listed without a time is unmet only where it is not
    /// stored.
    virtual boost::asio::awaitable<std::vector<std::string>> unmet(std::vector<ListedRow> page) = 0;

    struct Unlisted {
        std::vector<std::string> ids;
        std::int64_t compared = 0;  ///< so many stored rows the listing should have had
    };
    /// Which no page named. A listing that begins at `since_ms` says nothing of rows updated before, only of
    /// those that are newer or show no time. What came into the store since the comparison began is left out.
    virtual boost::asio::awaitable<Unlisted> unlisted(std::int64_t since_ms) = 0;
    /// What rows of JSON say as they are stored, in the order of the ids; empty: it is not stored, or its
    /// text is kept no longer.
    virtual boost::asio::awaitable<std::vector<std::string>> texts(std::vector<std::string> ids) = 0;
};

}  // namespace baselined::connectors

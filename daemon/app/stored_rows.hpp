// The stored rows of a stream, for a connector that compares them with what its source lists.
#pragma once

#include <vector>

#include "connectors/stored_rows.hpp"
#include "daemon/app/store_thread.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Remembers of each row whether it was listed: a bit. What it is given outlives it.
class RowsOfStream final : public connectors::StoredRows {
  public:
    RowsOfStream(StoreThread& thread, Store& store, const StoredStream& stream)
        : thread_(thread), store_(store), source_(stream.source), stream_(stream.id) {}

    boost::asio::awaitable<std::int64_t> count() override;
    boost::asio::awaitable<std::vector<std::string>> newest(std::size_t most) override;
    boost::asio::awaitable<std::vector<std::string>> unmet(std::vector<connectors::ListedRow> page) override;
    boost::asio::awaitable<Unlisted> unlisted(std::int64_t since_ms) override;
    boost::asio::awaitable<std::vector<std::string>> texts(std::vector<std::string> ids) override;

  private:
    // On the store's thread
    void begin();
    std::vector<std::string> note_listed(const std::vector<connectors::ListedRow>& page);
    Unlisted find_unlisted(std::int64_t since_ms);
    std::vector<std::string> find_texts(const std::vector<std::string>& ids);

    StoreThread& thread_;
    Store& store_;
    SourceId source_;
    StreamId stream_;
    std::vector<bool> is_listed_;  ///< by the row's id; as large as there were rows when the first page came
};

}  // namespace baselined::daemon

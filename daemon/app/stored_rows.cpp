#include "daemon/app/stored_rows.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

asio::awaitable<std::int64_t> RowsOfStream::count() {
    auto work = [this] {
        std::int64_t count = 0;
        store_.visit_source_rows(stream_, [&](auto, auto, auto) { ++count; });
        return count;
    };
    co_return co_await thread_.run(std::move(work));
}

asio::awaitable<std::vector<std::string>> RowsOfStream::unmet(std::vector<connectors::ListedRow> page) {
    auto work = [this, page = std::move(page)] { return note_listed(page); };
    co_return co_await thread_.run(std::move(work));
}

asio::awaitable<connectors::StoredRows::Unlisted> RowsOfStream::unlisted(std::int64_t since_ms) {
    auto work = [this, since_ms] { return find_unlisted(since_ms); };
    co_return co_await thread_.run(std::move(work));
}

void RowsOfStream::begin() {
    if (is_listed_.empty()) is_listed_.resize(static_cast<std::size_t>(store_.source_row_bound()) + 1);
}

std::vector<std::string> RowsOfStream::note_listed(const std::vector<connectors::ListedRow>& page) {
    begin();
    std::vector<std::string> unmet;
    for (const connectors::ListedRow& row : page) {
        const auto stored = store_.source_row(stream_, row.id);
        if (!stored || stored->version < row.version) unmet.push_back(row.id);
        if (stored && static_cast<std::size_t>(stored->id) < is_listed_.size())
            is_listed_[static_cast<std::size_t>(stored->id)] = true;
    }
    return unmet;
}

RowsOfStream::Unlisted RowsOfStream::find_unlisted(std::int64_t since_ms) {
    begin();
    Unlisted unlisted;
    store_.visit_source_rows(stream_, [&](std::int64_t id, std::string_view key, std::int64_t version) {
        const auto number = static_cast<std::size_t>(id);
        if (number >= is_listed_.size() || (version != 0 && version < since_ms)) return;
        ++unlisted.compared;
        if (!is_listed_[number]) unlisted.ids.emplace_back(key);
    });
    return unlisted;
}

}  // namespace baselined::daemon

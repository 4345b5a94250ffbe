#include "daemon/app/stored_rows.hpp"

#include <algorithm>

#include "daemon/store/raw_rows.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

namespace {

/// Of a row of JSON: after its id and its version.
constexpr std::size_t text_cell = 2;

}  // namespace

asio::awaitable<std::int64_t> RowsOfStream::count() {
    auto work = [this] {
        std::int64_t count = 0;
        store_.visit_source_rows(stream_, [&](auto, auto, auto) { ++count; });
        return count;
    };
    co_return co_await thread_.run(std::move(work));
}

asio::awaitable<std::vector<std::string>> RowsOfStream::newest(std::size_t most) {
    auto work = [this, most] { return store_.newest_source_rows(stream_, most); };
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

asio::awaitable<std::vector<std::string>> RowsOfStream::texts(std::vector<std::string> ids) {
    auto work = [this, ids = std::move(ids)] { return find_texts(ids); };
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
        const bool is_other = stored && row.version != 0 && stored->version != row.version;
        if (!stored || is_other) unmet.push_back(row.id);
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

/// Block after block, each unpacked once.
std::vector<std::string> RowsOfStream::find_texts(const std::vector<std::string>& ids) {
    struct Wanted {
        RowPlace place;
        std::size_t number;  ///< of the id
    };
    std::vector<Wanted> wanted;
    for (std::size_t number = 0; number < ids.size(); ++number)
        if (const auto row = store_.source_row(stream_, ids[number])) wanted.push_back({row->place, number});
    std::sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) {
        return std::pair(a.place.block, a.place.index) < std::pair(b.place.block, b.place.index);
    });
    std::vector<std::string> texts(ids.size());
    for (auto next = wanted.begin(); next != wanted.end();) {
        const BlockId block = next->place.block;
        const auto blocks = store_.blocks_after(source_, block - 1, 1);
        const bool is_kept = !blocks.empty() && blocks.front().id == block;
        RawRowReader rows(is_kept ? std::string_view(blocks.front().data) : std::string_view());
        for (std::int64_t index = 0; next != wanted.end() && next->place.block == block && rows.next();
             ++index)
            if (next->place.index == index) {
                if (rows.cells().size() > text_cell) texts[next->number] = rows.cells()[text_cell].text;
                ++next;
            }
        while (next != wanted.end() && next->place.block == block) ++next;
    }
    return texts;
}

}  // namespace baselined::daemon

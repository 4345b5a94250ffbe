#include "daemon/store/key_table.hpp"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <string_view>

namespace baselined::daemon {

namespace {

std::string_view bytes_of(const KeyTable::Key& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

/// As SQLite orders blobs; the first bytes nearly always decide, as one number.
bool comes_before(const KeyTable::Key& left, const KeyTable::Key& right) {
    std::uint64_t first = 0, second = 0;
    std::memcpy(&first, left.data(), sizeof first);
    std::memcpy(&second, right.data(), sizeof second);
    if (first != second) return boost::endian::big_to_native(first) < boost::endian::big_to_native(second);
    return left < right;
}

}  // namespace

KeyTable::KeyTable(Database& database, const std::string& table)
    : insert_(database, "INSERT INTO " + table + "(key, number)", 2),
      find_(database, "SELECT number FROM " + table + " WHERE key = ?"),
      remove_(database, "DELETE FROM " + table + " WHERE key = ?") {
    Statement any(database, "SELECT 1 FROM " + table + " LIMIT 1");
    if (!any.step()) seen_.emplace();
}

void KeyTable::add(const Key& key, std::int64_t number) {
    waiting_.emplace_back(key, number);
    if (!seen_) return;
    seen_->add(key);
    if (seen_->is_full()) seen_.reset();
}

std::optional<std::int64_t> KeyTable::find(const Key& key) {
    if (seen_ && !seen_->may_have(key)) return std::nullopt;
    write();
    Use found(find_);
    found->bind_blob(1, bytes_of(key));
    if (!found->step()) return std::nullopt;
    return found->integer(0);
}

void KeyTable::remove(const Key& key) {
    write();
    remove_.bind_blob(1, bytes_of(key)).run();
}

void KeyTable::write() {
    std::sort(waiting_.begin(), waiting_.end(),
              [](const auto& left, const auto& right) { return comes_before(left.first, right.first); });
    insert_.run(waiting_.size(), [this](Statement& statement, int first, std::size_t index) {
        statement.bind_blob(first, bytes_of(waiting_[index].first)).bind(first + 1, waiting_[index].second);
    });
    waiting_.clear();
}

}  // namespace baselined::daemon

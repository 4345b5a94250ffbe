#include "daemon/store/key_table.hpp"

#include <algorithm>
#include <string_view>

namespace baselined::daemon {

namespace {

std::string_view bytes_of(const KeyTable::Key& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

KeyTable::KeyTable(Database& database, const std::string& table)
    : insert_(database, "INSERT INTO " + table + "(key, number) VALUES(?, ?)"),
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
    std::sort(waiting_.begin(), waiting_.end());
    for (const auto& [key, number] : waiting_) insert_.bind_blob(1, bytes_of(key)).bind(2, number).run();
    waiting_.clear();
}

}  // namespace baselined::daemon

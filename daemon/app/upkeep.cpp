#include "daemon/app/upkeep.hpp"

#include <algorithm>
#include <string>

namespace baselined::daemon {

namespace {

constexpr std::chrono::hours every{24};
constexpr int rows_a_step = 20'000, blocks_a_step = 20, history_a_step = 1'000, pages_a_step = 500;
/// In milliseconds since 1970.
constexpr const char* last_fact = "upkeep_at";

}  // namespace

bool Upkeep::is_due(Instant now) const {
    const auto last = store_.fact(last_fact);
    if (!last) return true;
    const Instant at{mappings::Millis{std::stoll(*last)}};
    return now - at >= every || at > now;  // the clock was set back
}

bool Upkeep::step(Instant now) {
    switch (part_) {
        case Part::begin:
            begin(now);
            // A store's first reading has replaced nothing: it is not passed over once more at its end.
            part_ = store_.fact(last_fact) ? Part::look : Part::shrink;
            return true;
        case Part::look:
            if (!look()) part_ = Part::drop;
            return true;
        case Part::drop:
            if (!drop()) part_ = Part::empty;
            return true;
        case Part::empty:
            if (!empty(now)) part_ = Part::forget;
            return true;
        case Part::forget:
            if (!forget(now)) part_ = Part::shrink;
            return true;
        case Part::shrink:
            if (store_.shrink(pages_a_step) > 0) return true;
            end(now);
            part_ = Part::begin;
            return false;
    }
    return false;
}

void Upkeep::begin(Instant now) {
    Transaction transaction(store_);
    until_ = store_.newest_block();
    store_.note_block_age(now);
    transaction.commit();
    use_ = {};
}

/// What a reading brings meanwhile stands on newer blocks.
bool Upkeep::look() {
    Transaction transaction(store_);
    store_.look_at_use(use_, rows_a_step);
    if (use_.is_whole) unused_ = store_.unused_blocks(use_, until_);
    transaction.commit();
    return !use_.is_whole;
}

bool Upkeep::drop() {
    if (unused_.empty()) return false;
    Transaction transaction(store_);
    for (int count = 0; count < blocks_a_step && !unused_.empty(); ++count) {
        store_.drop_block(unused_.back());
        unused_.pop_back();
    }
    transaction.commit();
    return true;
}

bool Upkeep::empty(Instant now) {
    if (!retention_.raw) return false;
    Transaction transaction(store_);
    const int emptied = store_.empty_blocks(store_.newest_block_at(now - *retention_.raw), blocks_a_step);
    transaction.commit();
    return emptied > 0;
}

bool Upkeep::forget(Instant now) {
    if (!retention_.history) return false;
    Transaction transaction(store_);
    const int dropped = store_.drop_history(now - *retention_.history, history_a_step);
    transaction.commit();
    return dropped > 0;
}

void Upkeep::end(Instant now) {
    {
        Transaction transaction(store_);
        store_.set_fact(last_fact, std::to_string(now.time_since_epoch().count()));
        transaction.commit();
    }
    store_.truncate_log();
}

}  // namespace baselined::daemon

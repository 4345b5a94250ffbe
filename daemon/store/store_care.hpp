// Care of a store as a file: a copy while it is written to, its way back, whether it is sound.
#pragma once

#include <string>
#include <vector>

namespace baselined::daemon {

/// Writes a copy of the store, as it is at one instant, to `target`: while a daemon writes to it, too. The
/// copy is made beside it under another name, checked, made durable and renamed: there is never half a file.
/// Readable by its owner alone. Throws StoreError with the reason.
void back_up(const std::string& store, const std::string& target);

/// Puts the copy in the store's place, after it was found sound and of a shape that this program knows. The
/// store that was there is kept; returns its new name, empty where there was none. Throws StoreError; refused
/// while another process holds the store. Killed at any instant, one of the two stands there whole.
std::string restore(const std::string& copy, const std::string& store);

/// What is wrong with it, one finding a text; none: it is sound. May run beside a daemon. Throws StoreError
/// when it cannot be opened at all.
std::vector<std::string> findings_of(const std::string& store);

}  // namespace baselined::daemon

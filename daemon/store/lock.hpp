// The store's lock: one writing process at a time, released by the kernel however that process ends.
#pragma once

#include <string>

namespace baselined::daemon {

class StoreLock {
  public:
    /// Waits until no other process holds it. Throws StoreError when the lock file cannot be made.
    explicit StoreLock(const std::string& store_path);
    ~StoreLock();
    /// Whether another process holds it now. Throws StoreError when the lock file cannot be made.
    static bool is_held(const std::string& store_path);
    StoreLock(const StoreLock&) = delete;
    StoreLock& operator=(const StoreLock&) = delete;

  private:
    int descriptor_ = -1;
};

}  // namespace baselined::daemon

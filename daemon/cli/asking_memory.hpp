// What is remembered of sources by commands that ask them and store no row: logins, the word to wait, and
// what readings met.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// A refresh token may be good for one use: the one that follows it is kept in the store itself, which is
/// made where there is none, under its lock; while another process holds that, such a source is not asked. Of
/// the others only the waits are looked up, and what was told anew is kept, as far as there is a store.
class AskingMemory {
  public:
    /// For root too: where the store has to be written, the process goes on as its owner.
    AskingMemory(const config::Configuration& configuration, std::vector<const config::Source*> asked);
    ~AskingMemory();
    AskingMemory(const AskingMemory&) = delete;
    AskingMemory& operator=(const AskingMemory&) = delete;

    [[nodiscard]] Store& store() { return *store_; }
    /// Whether files of the stream were read before, as far as there is a store.
    [[nodiscard]] bool has_read_files(const std::string& source, const std::string& stream) const;
    /// How far the stream was read, as its connector noted it; empty: nobody knows.
    [[nodiscard]] std::string cursor_of(const std::string& source, const std::string& stream) const;
    /// Why the source must not be asked now; empty: it may be.
    [[nodiscard]] std::string why_not(const config::Source& source) const;

  private:
    void open_for_logins();
    void remember_streams(Store& kept);

    const std::string path_;
    std::vector<const config::Source*> asked_;
    std::unique_ptr<Store> store_;
    bool is_passing_ = true;
    using StreamName = std::pair<std::string, std::string>;  ///< the source's, its own
    std::set<StreamName> with_files_;
    std::map<StreamName, std::string> cursors_;
    std::string trouble_;  ///< why the store cannot keep a login
};

}  // namespace baselined::daemon

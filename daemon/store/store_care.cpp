#include "daemon/store/store_care.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>

#include "daemon/store/lock.hpp"
#include "daemon/store/migrations.hpp"
#include "daemon/store/owner.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

namespace {

namespace fs = std::filesystem;

constexpr int pages_at_once = 2'000;

[[noreturn]] void fail(const std::string& path, const char* what) {
    throw StoreError(ErrorCode::unavailable, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

void require_file(const std::string& path) {
    if (!fs::is_regular_file(path))
        throw StoreError(ErrorCode::unavailable, fmt::format("{}: there is no such file", path));
}

/// Descriptors are closed before anything is thrown.
void make_durable(const std::string& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool is_done = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    errno = reason;
    if (!is_done) fail(path, "cannot be made durable");
}

std::string folder_of(const std::string& path) {
    const std::string folder = fs::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

/// A file that is removed again unless it was kept.
class PartFile {
  public:
    explicit PartFile(std::string path) : path_(std::move(path)), descriptor_(make(path_)) {}
    ~PartFile() {
        ::close(descriptor_);
        if (is_kept_) return;
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((path_ + suffix).c_str());
    }
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    void rename_to(const std::string& target) {
        make_durable(path_, O_RDWR);
        if (::rename(path_.c_str(), target.c_str()) != 0) fail(target, "cannot be put in place");
        is_kept_ = true;
        make_durable(folder_of(target), O_RDONLY | O_DIRECTORY);
    }

  private:
    static int make(const std::string& path) {
        ::unlink(path.c_str());
        const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (descriptor < 0) fail(path, "cannot be made");
        return descriptor;
    }
    std::string path_;
    int descriptor_;
    bool is_kept_ = false;
};

void copy_pages(Database& from, Database& to) {
    // A read transaction of our own: every page is of one instant, whatever is committed meanwhile.
    from.run("BEGIN");
    from.run("SELECT count(*) FROM sqlite_schema");
    const std::unique_ptr<sqlite3_backup, decltype(&sqlite3_backup_finish)> copying(
        sqlite3_backup_init(to.handle(), "main", from.handle(), "main"), &sqlite3_backup_finish);
    if (!copying) to.fail(sqlite3_errcode(to.handle()));
    int code = SQLITE_OK;
    while (code == SQLITE_OK) code = sqlite3_backup_step(copying.get(), pages_at_once);
    if (code != SQLITE_DONE) to.fail(code);
    from.run("COMMIT");
}

std::vector<std::string> findings_in(Database& database, const char* check) {
    std::vector<std::string> findings;
    Statement rows(database, check);
    while (rows.step())
        if (rows.text(0) != "ok") findings.emplace_back(rows.text(0));
    return findings;
}

void require_sound(Database& database, const std::string& path) {
    require_known_shape(database);
    const auto findings = findings_in(database, "PRAGMA integrity_check");
    if (!findings.empty())
        throw StoreError(ErrorCode::corrupt,
                         fmt::format("{}: the file is damaged: {}", path, findings.front()));
}

void copy_sound(const std::string& from, const std::string& to) {
    Database source(from, Database::Access::read);
    require_known_shape(source);
    Database target(to, Database::Access::write);
    copy_pages(source, target);
    target.run("PRAGMA journal_mode = DELETE");  // one file, whole
    require_sound(target, from);
}

std::string aside_name(const std::string& store) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::string stamp = mappings::format_rfc3339(now);
    std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
    return fmt::format("{}.before-restore-{}", store, stamp);
}

/// Brings what the write-ahead log holds into the file; false: it is damaged, or somebody still reads.
bool write_back(const std::string& store) {
    try {
        Database old(store, Database::Access::read);
        Statement checkpoint(old, "PRAGMA wal_checkpoint(TRUNCATE)");
        return checkpoint.step() && checkpoint.integer(0) == 0;  // the first column: busy
    } catch (const StoreError&) {
        return false;
    }
}

/// A store that cannot be settled is kept with its log beside it.
void settle(const std::string& store, const std::string& aside) {
    if (!write_back(store) && fs::exists(store + "-wal")) fs::rename(store + "-wal", aside + "-wal");
    for (const char* suffix : {"-wal", "-shm"}) ::unlink((store + suffix).c_str());
}

}  // namespace

void back_up(const std::string& store, const std::string& target) {
    require_file(store);
    if (fs::exists(target) && !fs::is_regular_file(target))
        throw StoreError(ErrorCode::bad_input,
                         fmt::format("{}: a folder, a pipe or a device is there: name a file", target));
    if (fs::exists(target) && fs::equivalent(store, target))
        throw StoreError(ErrorCode::bad_input,
                         fmt::format("{} is the store itself: name another file", target));
    PartFile part(target + ".part");
    copy_sound(store, part.path());
    part.rename_to(target);
}

std::string restore(const std::string& copy, const std::string& store) {
    require_file(copy);
    if (StoreLock::is_held(store))
        throw StoreError(ErrorCode::unavailable,
                         fmt::format("store {}: a daemon (or `once`) works on it: stop it first", store));
    const StoreLock lock(store);
    PartFile part(store + ".restoring");
    hand_to_owner_of(store, part.descriptor());
    copy_sound(copy, part.path());
    std::string aside;
    if (fs::exists(store)) {
        aside = aside_name(store);
        settle(store, aside);
        // A second name first, then the new file over the old one: at no instant is there none.
        if (::link(store.c_str(), aside.c_str()) != 0) fail(aside, "the store that is there cannot be kept");
    }
    part.rename_to(store);
    return aside;
}

std::vector<std::string> findings_of(const std::string& store) {
    require_file(store);
    Database database(store, Database::Access::read);
    require_known_shape(database);
    return findings_in(database, "PRAGMA integrity_check");
}

}  // namespace baselined::daemon

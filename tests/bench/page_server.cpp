// A ServiceNow table of as many incidents as asked for, of 1.2 KB each and one every half minute, rendered
// while it is sent: what the intake and its yardsticks read over loopback. Ids and times alone it lists by
// id, too. Prints its port. usage: bench_page_server ROWS
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr std::int64_t first_second = 1'704'067'200, step_seconds = 30;  // from 2024-01-01 on
constexpr std::size_t row_bytes = 1200;

std::string stamp(std::int64_t seconds) {
    const std::time_t at = seconds;
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    char text[20];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

std::int64_t seconds_of(std::string_view text) {
    std::tm parts{};
    ::strptime(std::string(text).c_str(), "%Y-%m-%d %H:%M:%S", &parts);
    return ::timegm(&parts);
}

/// Any permutation of 64 bits: ids that come in no order.
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

std::string id_of(std::int64_t index) {
    const auto seed = static_cast<std::uint64_t>(index);
    return fmt::format("{:016x}{:016x}", mixed(seed), mixed(seed ^ 0x9e3779b97f4a7c15ULL));
}

void append_row(std::string& out, std::int64_t index) {
    static constexpr std::string_view services[] = {"vpn",  "mail",  "erp", "crm",
                                                    "wiki", "print", "sso", "files"};
    static constexpr std::string_view categories[] = {"network", "software", "hardware", "inquiry",
                                                      "database"};
    const auto seed = static_cast<std::uint64_t>(index);
    const std::uint64_t dice = mixed(seed ^ 0x9e3779b97f4a7c15ULL);
    const std::int64_t updated = first_second + index * step_seconds;
    const std::size_t begin = out.size();
    const auto to = std::back_inserter(out);
    fmt::format_to(
        to,
        R"({{"sys_id":"{:016x}{:016x}","number":"INC{:07}","sys_updated_on":"{}","sys_created_on":"{}","sys_mod_count":"{}","state":"{}","priority":"{}",)"
        R"("opened_at":"{}","resolved_at":"{}","closed_at":"","business_service":"{:016x}{:016x}","business_service.name":"{}","cmdb_ci":"{:016x}{:016x}","cmdb_ci.name":"srv-{:04}",)",
        mixed(seed), dice, index + 1, stamp(updated), stamp(updated - 7'200), dice % 9,
        dice % 16 == 0 ? 2 : 7, 1 + dice % 5,
        stamp(updated - 7'200 - static_cast<std::int64_t>(dice % 9'000)), stamp(updated), mixed(dice % 8),
        mixed(dice % 8 + 8), services[dice % 8], mixed(dice % 500), mixed(dice % 500 + 500), dice % 500);
    fmt::format_to(
        to,
        R"("category":"{}","subcategory":"","assignment_group":"{:016x}{:016x}","assignment_group.name":"Group {}","assigned_to":"{:016x}{:016x}","assigned_to.name":"Agent {}",)"
        R"("problem_id":"","caused_by":"","parent_incident":"","reopen_count":"{}","reassignment_count":"{}","escalation":"0","caller_id":"{:016x}{:016x}","contact_type":"phone","impact":"3","urgency":"2","made_sla":"true","close_code":"Solved","short_description":"Connection of user {} drops, \"again\" — no reply",)"
        R"("description":")",
        categories[dice % 5], mixed(dice % 40), mixed(dice % 40 + 40), dice % 40, mixed(dice % 900),
        mixed(dice % 900 + 900), dice % 900, dice % 20 == 0 ? 1 : 0, dice % 4, dice, dice + 1, dice % 10'000);
    const std::size_t used = out.size() - begin + 2;
    static const std::string words = [] {
        std::string text;
        while (text.size() < row_bytes)
            text += "The user calls from the branch office and reports that the line is slow. ";
        return text;
    }();
    if (used < row_bytes) out.append(words, 0, row_bytes - used);
    out += "\"}";
}

std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        int byte = 0;
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
        plain += static_cast<char>(byte);
        i += 2;
    }
    return plain;
}

std::optional<std::string> after(std::string_view text, std::string_view words, char end) {
    const std::size_t at = text.find(words);
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + words.size());
    return std::string(text.substr(0, text.find(end)));
}

/// The rows that a query of ours lets through: [from, to).
struct Range {
    std::int64_t from, to;
};

Range range_of(const std::string& query, std::int64_t rows) {
    if (query.find("sys_id=") != std::string::npos) return {0, 0};
    if (query.find("ISEMPTY") != std::string::npos) return {0, 0};  // each row shows its time
    Range range{0, rows};
    if (query.find("sys_updated_on=") != std::string::npos) return {0, 0};  // one row a second: no ties
    if (const auto from = after(query, "sys_updated_on>", '^'))
        range.from = std::max<std::int64_t>(0, (seconds_of(*from) - first_second) / step_seconds +
                                                   (seconds_of(*from) >= first_second ? 1 : 0));
    if (const auto to = after(query, "sys_updated_on<=", '^'))
        range.to = std::min(range.to, (seconds_of(*to) - first_second) / step_seconds + 1);
    return range.to > range.from ? range : Range{0, 0};
}

/// The rows behind an id, in the order of ids; `total`: how many they are.
std::string listing(const std::string& query, std::int64_t limit, std::int64_t rows, std::int64_t& total) {
    static const auto by_id = [rows] {
        std::vector<std::pair<std::string, std::int64_t>> ids;
        for (std::int64_t index = 0; index < rows; ++index) ids.emplace_back(id_of(index), index);
        std::sort(ids.begin(), ids.end());
        return ids;
    }();
    const std::string behind = after(query, "sys_id>", '^').value_or("");
    auto at = std::upper_bound(by_id.begin(), by_id.end(), behind,
                               [](const std::string& id, const auto& row) { return id < row.first; });
    total = by_id.end() - at;
    std::string body;
    for (; at != by_id.end() && limit > 0; ++at, --limit)
        body += fmt::format(R"({}{{"sys_id":"{}","sys_updated_on":"{}"}})", body.empty() ? "" : ",",
                            at->first, stamp(first_second + at->second * step_seconds));
    return body;
}

std::string answer(std::string_view head, std::int64_t rows) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const bool is_table = line.find("/table/incident?") != std::string_view::npos;
    const std::string query = decoded(after(line, "sysparm_query=", ' ').value_or("").substr(0, 4000));
    const std::string own = query.substr(0, query.find('&'));
    const std::int64_t limit = std::atoll(after(line, "sysparm_limit=", '&').value_or("10000").c_str());
    const Range range = is_table ? range_of(own, rows) : Range{0, 0};
    const bool is_listing = is_table && own.find("ORDERBYsys_id") != std::string::npos &&
                            own.find("ORDERBYsys_updated_on") == std::string::npos && range.to > range.from;
    std::string body = "{\"result\":[";
    std::int64_t total = range.to - range.from;
    if (is_listing) body += listing(own, limit, rows, total);
    body.reserve(static_cast<std::size_t>(std::min(limit, range.to - range.from)) * (row_bytes + 1) + 100);
    const bool is_newest_first = own.find("ORDERBYDESCsys_updated_on") != std::string::npos;
    for (std::int64_t row = 0; !is_listing && row < std::min(limit, range.to - range.from); ++row) {
        if (row > 0) body += ',';
        append_row(body, is_newest_first ? range.to - 1 - row : range.from + row);
    }
    body += "]}";
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char date[40];
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return fmt::format(
               "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: {}\r\nX-Total-Count: "
               "{}\r\nContent-Length: {}\r\n\r\n",
               date, total, body.size()) +
           body;
}

void serve(int connection, std::int64_t rows) {
    std::string input;
    char buffer[16'384];
    for (;;) {
        const ssize_t got = ::read(connection, buffer, sizeof buffer);
        if (got <= 0) break;
        input.append(buffer, static_cast<std::size_t>(got));
        for (std::size_t end = input.find("\r\n\r\n"); end != std::string::npos;
             end = input.find("\r\n\r\n")) {
            const std::string reply = answer(input.substr(0, end), rows);
            input.erase(0, end + 4);
            for (std::size_t sent = 0; sent < reply.size();) {
                const ssize_t count = ::write(connection, reply.data() + sent, reply.size() - sent);
                if (count <= 0) break;
                sent += static_cast<std::size_t>(count);
            }
        }
    }
    ::close(connection);
}

}  // namespace

int main(int count, char** arguments) {
    const std::int64_t rows = count > 1 ? std::atoll(arguments[1]) : 1'000'000;
    std::signal(SIGPIPE, SIG_IGN);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 16) != 0)
        return 1;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    fmt::print("{}\n", ::ntohs(address.sin_port));
    std::fflush(stdout);
    for (;;) {
        const int connection = ::accept(listener, nullptr, nullptr);
        if (connection < 0) return 1;
        const int on = 1;
        ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        std::thread(serve, connection, rows).detach();
    }
}

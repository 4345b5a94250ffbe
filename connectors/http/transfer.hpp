// One request on its way through libcurl: its options, what has come of its answer, why there is none.
#pragma once

#include <curl/curl.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "connectors/http/request.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

/// libcurl calls back into it: it stays where it is until its handle is taken out of the multi handle. All on
/// the thread of the io_context.
struct Transfer {
    explicit Transfer(boost::asio::io_context& io)
        : finished(io, boost::asio::steady_timer::time_point::max()) {}
    ~Transfer() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    Request request;
    Connection connection;
    Response response;
    CURL* easy = curl_easy_init();
    curl_slist* headers = nullptr;
    boost::asio::steady_timer finished;  ///< cancelled when the transfer is done
    bool is_done = false;
    CURLcode result = CURLE_OK;
    std::array<char, CURL_ERROR_SIZE> words{};
    std::string refused_address;  ///< private, and not allowed
    int open_error = 0;           ///< of the system, when no socket could be opened
    bool is_too_large = false;
    bool is_certificate_wanted = false;  ///< of us, by the server

    void set_up();
    /// Why there is no answer, without whose; nullopt: there is one.
    [[nodiscard]] std::optional<Error> failure() const;
    /// The server asked for a client's certificate, and closed the connection before it answered.
    [[nodiscard]] bool is_closed_at_certificate(long tunnel_status) const;
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
    static int on_trace(CURL*, curl_infotype type, char* bytes, std::size_t size, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
};

}  // namespace baselined::connectors

// All that one source is asked: logged in, paced, repeated where that helps, never against its word.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <random>
#include <string>

#include "connectors/http/auth.hpp"
#include "connectors/http/client.hpp"
#include "connectors/http/retry.hpp"
#include "connectors/http/trouble.hpp"

namespace baselined::connectors {

/// What a source's exchange remembers from one run to the next.
struct ExchangeMemory {
    /// Comes back when it is kept: a rotated token is lost for ever once the one before is used up.
    std::function<boost::asio::awaitable<void>(const std::string& refresh_token)> store_refresh_token;
    std::string refresh_token;  ///< the newest, as stored; empty: the configured one
    /// The source said to wait until then; milliseconds since 1970.
    std::function<boost::asio::awaitable<void>(std::int64_t until_ms)> store_pause;
    std::int64_t paused_until_ms = 0;
    /// Why the source is not reached, once that is told; empty: it is reached again.
    std::function<boost::asio::awaitable<void>(const std::string& reason)> store_outage;
    std::string outage;  ///< as stored
};

/// One attempt, for whoever watches: what was asked, and how it went.
struct RequestNote {
    std::string request;  ///< method and URL, without its query
    long status = 0;      ///< 0: no answer
    milliseconds took{0};
};

/// One source's. At most `concurrent` requests at a time. All calls on the io_context's thread.
class Exchange {
  public:
    Exchange(boost::asio::io_context& io, HttpClient& client, Connection connection, Login login,
             ExchangeMemory memory);

    /// Sends the request with the login's headers. A 429 or 503 stops all requests of the source until told;
    /// what may help is sent again until `give_up` has passed. Stopping it throws operation_aborted. The
    /// answer may be any status below 500. A refused login is not tried again until forget_refusal() (one
    /// that was accepted before: once, after an hour), and unless it has been accepted a moment ago requests
    /// go one by one: tried at once by several, a password that is wrong, or was changed since the last poll,
    /// would lock the account.
    boost::asio::awaitable<Result<Response>> call(Request request);

    void set_observer(std::function<void(const RequestNote&)> observer) { observer_ = std::move(observer); }
    /// Called whenever a request says something of the source as a whole: why it cannot be read, in the same
    /// words for as long as that lasts; an empty text: it can; nullopt: it fails for a reason that the caller
    /// is told.
    using TroubleObserver = std::function<void(const std::optional<std::string>& trouble)>;
    void set_trouble_observer(TroubleObserver observer) { trouble_observer_ = std::move(observer); }
    void set_give_up(milliseconds give_up) { give_up_ = give_up; }
    [[nodiscard]] milliseconds give_up() const { return give_up_; }
    void forget_refusal() {
        refusal_.forget();
        refused_tokens_ = 0;
    }
    /// What is said of the source, its own words in it, fit to be told: see connectors::told.
    [[nodiscard]] std::string told(std::string_view words) const;
    [[nodiscard]] bool is_refused() const;

  private:
    static constexpr int concurrent =
        4;  ///< requests of a source at a time: what instances bear beside their users

    /// One of the places, taken already.
    class Place {
      public:
        explicit Place(Exchange& exchange) : exchange_(exchange) {}
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

      private:
        Exchange& exchange_;
    };

    /// The one who asks for a token; the others wait meanwhile.
    class Renewal {
      public:
        explicit Renewal(Exchange& exchange);
        ~Renewal();
        Renewal(const Renewal&) = delete;
        Renewal& operator=(const Renewal&) = delete;

      private:
        Exchange& exchange_;
    };

    using Deadline = std::chrono::steady_clock::time_point;

    boost::asio::awaitable<Result<void>> take_turn(std::string url, Deadline deadline);
    boost::asio::awaitable<Result<Response>> try_once(Request request, std::string& sent_token);
    boost::asio::awaitable<Result<Response>> attempt(Request request, std::string& sent_token);
    boost::asio::awaitable<Result<Response>> send(Request request);
    boost::asio::awaitable<Result<Headers>> login_headers();
    boost::asio::awaitable<Result<void>> renew_token();
    boost::asio::awaitable<void> sleep(milliseconds pause);
    /// The source said so: nothing is asked of it meanwhile, not even by the next process.
    boost::asio::awaitable<void> pause(milliseconds told);
    [[nodiscard]] Secrets secrets() const;
    void free_place();
    void note_accepted();
    /// What is good, or bad, of an answer for the source as a whole.
    boost::asio::awaitable<void> note_answer();
    boost::asio::awaitable<void> note_failure(std::string why);
    boost::asio::awaitable<void> end_outage();
    void tell_trouble(const std::optional<std::string>& trouble) const;
    [[nodiscard]] bool is_accepted() const;
    boost::asio::awaitable<Result<Response>> follow(Request request, Response response);
    static std::int64_t now_ms();     ///< since 1970
    static std::int64_t steady_ms();  ///< of the clock that nobody sets
    static std::string shown_time(std::int64_t ms);
    void wait_until(std::int64_t until_ms);
    [[nodiscard]] milliseconds told_to_wait() const;
    boost::asio::awaitable<Error> refuse(std::string text, Refusal::Kind kind);
    [[nodiscard]] Error waits(std::string_view url) const;
    [[nodiscard]] Error is_cut_off(std::string_view url) const;

    boost::asio::io_context& io_;
    HttpClient& client_;
    Connection connection_;
    Login login_;
    ExchangeMemory memory_;
    std::function<void(const RequestNote&)> observer_;
    TroubleObserver trouble_observer_;
    /// By the clock that nobody sets: a wall clock set back must not make a pause longer.
    std::chrono::steady_clock::time_point paused_until_{};
    std::int64_t told_until_ms_ = 0;  ///< the same by the wall clock, for people
    std::string last_failure_;
    milliseconds give_up_{std::chrono::minutes{1}};
    Token token_;
    int refused_tokens_ = 0;  ///< one after the other, whoever used them
    bool is_renewing_ = false;
    Refusal refusal_;
    Outage outage_;
    LonePlaces lone_places_;
    /// The login, by an answer to it.
    std::optional<std::chrono::steady_clock::time_point> accepted_at_;
    int in_flight_ = 0;
    boost::asio::steady_timer changed_;  ///< cancelled when a place is free, or a token has come
    Circuit circuit_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace baselined::connectors

// The one thread that works on the store, and how a coroutine of another thread has it do something.
#pragma once

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace baselined::daemon {

/// What is given to it runs one after the other, each to its end: a transaction is never interleaved.
class StoreThread {
  public:
    ~StoreThread() { pool_.join(); }

    /// Runs `work` there and comes back with its result; what it throws is thrown here. Hand in a named
    /// lambda by std::move: g++ 12 destroys a temporary one within a co_await twice (GCC bug 99576).
    template <class Work>
    boost::asio::awaitable<std::invoke_result_t<Work&>> run(Work work) {
        auto task = std::make_shared<Task<Work>>(std::move(work));
        auto start = [this, task](auto handler) { this->start(task, std::move(handler)); };
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
            std::move(start), boost::asio::use_awaitable);
        if (task->thrown) std::rethrow_exception(task->thrown);
        if constexpr (!std::is_void_v<std::invoke_result_t<Work&>>) co_return std::move(*task->result);
    }

    /// The same for code that cannot wait as a coroutine: blocks.
    template <class Work>
    void run_now(Work work) {
        std::packaged_task<void()> task(std::move(work));
        auto done = task.get_future();
        ++waiting_;
        boost::asio::post(pool_, [this, &task] {
            task();
            note_end();
        });
        done.get();
    }

    /// Has it done some time, without waiting. What `work` throws goes to `on_failure`, on the store's
    /// thread.
    template <class Work, class OnFailure>
    void post(Work work, OnFailure on_failure) {
        ++waiting_;
        boost::asio::post(pool_,
                          [this, work = std::move(work), on_failure = std::move(on_failure)]() mutable {
                              try {
                                  work();
                              } catch (const std::exception& failure) {
                                  on_failure(failure);
                              }
                              note_end();
                          });
    }

    /// Whether anything is being done or waits.
    [[nodiscard]] bool is_busy() const { return waiting_ > 0; }
    /// Grows with every task that ends and every note from within one; from any thread.
    [[nodiscard]] std::uint64_t progress() const { return progress_; }
    void note_progress() { ++progress_; }

  private:
    struct Nothing {};
    template <class Work>
    struct Task {
        using Answer = std::invoke_result_t<Work&>;
        explicit Task(Work given) : work(std::move(given)) {}
        void run() noexcept {
            try {
                if constexpr (std::is_void_v<Answer>)
                    work();
                else
                    result.emplace(work());
            } catch (...) {
                thrown = std::current_exception();
            }
        }
        Work work;
        std::optional<std::conditional_t<std::is_void_v<Answer>, Nothing, Answer>> result;
        std::exception_ptr thrown;
    };

    template <class Shared, class Handler>
    void start(Shared task, Handler handler) {
        // Tracked: the waiting io_context must not run out of work meanwhile.
        auto back = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                        boost::asio::execution::outstanding_work.tracked);
        ++waiting_;
        boost::asio::post(pool_, [this, task, back, handler = std::move(handler)]() mutable {
            task->run();
            note_end();
            boost::asio::post(back, std::move(handler));
        });
    }

    void note_end() {
        ++progress_;
        --waiting_;
    }

    std::atomic<int> waiting_ = 0;
    std::atomic<std::uint64_t> progress_ = 0;
    boost::asio::thread_pool pool_{1};
};

}  // namespace baselined::daemon

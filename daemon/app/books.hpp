// What is derived from stored records and stays true until they change.
#pragma once

#include "daemon/app/currencies.hpp"
#include "daemon/app/figure_book.hpp"
#include "daemon/app/item_book.hpp"
#include "daemon/app/record_keeper.hpp"

namespace baselined::daemon {

/// The daemon keeps its books from one evaluation to the next, so that an evaluation costs what changed and
/// not what is stored; a command makes them for its own time. One thread: the store's. Both outlive them.
struct Books {
    Books(Portfolio& portfolio, Store& store, FigureBook::Clock clock = FigureBook::Clock::runs)
        : figures(portfolio, store, clock), items(portfolio, store), currencies(portfolio, store) {}

    void forget(const Changes& changes) {
        for (const std::size_t series : changes.series) figures.forget(series);
        for (const Kind kind : changes.kinds) items.forget(kind);
        if (changes.kinds.contains(Kind::cost)) currencies.forget();
    }

    FigureBook figures;
    ItemBook items;
    CurrencyBook currencies;
};

}  // namespace baselined::daemon

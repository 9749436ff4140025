"""The pages of communities."""

from potluck.web.communities import (
    appeals,
    browsing,
    crossposting,
    listings,
    mod_log_page,
    moderating,
    reports,
    restoring,
    submitting,
)

route_handlers = [
    *listings.route_handlers, *browsing.route_handlers, *submitting.route_handlers, *crossposting.route_handlers,
    *moderating.route_handlers, *reports.route_handlers, *appeals.route_handlers, *restoring.route_handlers,
    *mod_log_page.route_handlers,
]

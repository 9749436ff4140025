"""The pages of communities."""

from potluck.web.communities import (
    browsing,
    crossposting,
    listings,
    moderating,
    reports,
    restoring,
    submitting,
)

route_handlers = [
    *listings.route_handlers, *browsing.route_handlers, *submitting.route_handlers, *crossposting.route_handlers,
    *moderating.route_handlers, *reports.route_handlers, *restoring.route_handlers,
]

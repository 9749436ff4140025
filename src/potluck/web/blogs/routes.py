"""The pages of blogs."""

from potluck.web.blogs import desk, doors, home

route_handlers = [*home.route_handlers, *doors.route_handlers, *desk.route_handlers]

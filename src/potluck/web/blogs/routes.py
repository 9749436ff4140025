"""The pages of blogs."""

from potluck.web.blogs import (
    desk,
    doors,
    draft_versions,
    elsewhere,
    home,
    letters,
    messages,
    move_in,
    move_out,
    offline,
    pictures,
    writing,
)

route_handlers = [
    *home.route_handlers, *doors.route_handlers, *desk.route_handlers, *elsewhere.route_handlers,
    *letters.route_handlers, *messages.route_handlers, *move_in.route_handlers, *move_out.route_handlers,
    *writing.route_handlers, *draft_versions.route_handlers, *pictures.route_handlers,
    *offline.route_handlers,
]

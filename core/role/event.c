/* event.h: the names of events. */
#include "role/event.h"

const char *event_name(enum event_type type)
{
#define EVENT_NAME(name, text, remote) [EV_##name] = text,
	static const char *const names[] = {EVENT_TYPES(EVENT_NAME)};
#undef EVENT_NAME

	return names[type];
}

bool event_is_remote(enum event_type type)
{
#define EVENT_REMOTE(name, text, remote) [EV_##name] = remote,
	static const bool is_remote[] = {EVENT_TYPES(EVENT_REMOTE)};
#undef EVENT_REMOTE

	return is_remote[type];
}

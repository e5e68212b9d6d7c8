#ifndef INFLATE_CKPT_CJSON_SHIM_H
#define INFLATE_CKPT_CJSON_SHIM_H

#include <json.h>

/// `json_object_object_foreach` is a macro that Swift does not import; a cursor over the linked hash
/// table does the same in the object's own order.
static inline struct lh_entry *inflate_json_first_member(struct json_object *object) {
  return json_object_get_object(object)->head;
}

static inline struct lh_entry *inflate_json_next_member(struct lh_entry *entry) {
  return entry->next;
}

static inline const char *inflate_json_member_name(struct lh_entry *entry) {
  return (const char *)lh_entry_k(entry);
}

static inline struct json_object *inflate_json_member_value(struct lh_entry *entry) {
  return (struct json_object *)lh_entry_v(entry);
}

#endif

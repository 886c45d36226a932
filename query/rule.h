/*
 * rule.h - a rule's statement, between the parser and whoever judges it.
 */
#ifndef QUERY_RULE_H
#define QUERY_RULE_H

#include "run.h"

/* Of a parsed `rule`: what gk_query_rule tells, and the condition as it is judged. */
int rule_make(struct gk_query *query);

#endif

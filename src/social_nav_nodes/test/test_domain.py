"""Domains that are in use are not handed out."""

from __future__ import annotations

import rclpy
from rclpy.context import Context
from social_nav_nodes.demo import domain
from social_nav_nodes.demo.domain import free_domain


def test_a_domain_with_a_participant_is_not_free(monkeypatch):
    taken, other = free_domain(), 0
    while other in (0, taken):
        other = free_domain()
    contexts = [Context(), Context()]
    for context in contexts:
        rclpy.init(context=context, domain_id=taken)
    nodes = [rclpy.create_node("somebody", context=context) for context in contexts]
    monkeypatch.setattr(domain, "DOMAINS", (taken, other))
    for context, node in zip(contexts, nodes, strict=True):  # the second stays for a while
        assert {free_domain() for _ in range(20)} == {other}
        node.destroy_node()
        context.shutdown()

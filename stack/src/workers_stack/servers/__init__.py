"""RabbitMQ and Redis for development, demonstration and tests: found, or started privately."""

from .broker import PrivateBroker
from .chromium import chromium_program, install_chromium
from .find import Servers, find_servers, install_programs
from .keyvalue import PrivateRedis, redis_program
from .libraries import install_libraries
from .mta import PrivateMta, mta_program
from .node import broker_programs
from .ports import free_port, free_ports
from .process import ServerError, ServerProcess

__all__ = [
    "PrivateBroker",
    "PrivateMta",
    "PrivateRedis",
    "ServerError",
    "ServerProcess",
    "Servers",
    "broker_programs",
    "chromium_program",
    "find_servers",
    "free_port",
    "free_ports",
    "install_chromium",
    "install_libraries",
    "install_programs",
    "mta_program",
    "redis_program",
]

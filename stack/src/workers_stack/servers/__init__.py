"""RabbitMQ and Redis for development, demonstration and tests: found, or started privately."""

from .broker import PrivateBroker
from .find import Servers, find_servers, install_programs
from .keyvalue import PrivateRedis, redis_program
from .libraries import install_libraries
from .node import broker_programs
from .ports import free_port, free_ports
from .process import ServerError, ServerProcess

__all__ = [
    "PrivateBroker",
    "PrivateRedis",
    "ServerError",
    "ServerProcess",
    "Servers",
    "broker_programs",
    "find_servers",
    "free_port",
    "free_ports",
    "install_libraries",
    "install_programs",
    "redis_program",
]

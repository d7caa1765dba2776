<?php

// Stands for the vendor/autoload.php that Composer would have made of the suite: its own classes, and Debian's for the rest.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_USER_DEPRECATED); // as the suite's phpunit.xml asks; it is older than PHP 8.2
spl_autoload_register(function (string $class): void {
    $folders = ['PhpAmqpLib\\Tests\\' => '/tests/', 'PhpAmqpLib\\' => '/PhpAmqpLib/'];
    foreach ($folders as $prefix => $folder) {
        $file = getcwd() . $folder . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
        if (str_starts_with($class, $prefix) && is_file($file)) {
            require $file;
            return;
        }
    }
});
require 'Httpful/autoload.php';
require getcwd() . '/tests/config.php';
require getcwd() . '/tests/php_compat_71.php';

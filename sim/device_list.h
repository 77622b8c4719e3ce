/* All models of peripherals/, a line each: DEVICE_MODEL(the model's name in C). */
DEVICE_MODEL(cmsdk_timer_model)
DEVICE_MODEL(cmsdk_uart_model)
DEVICE_MODEL(goldfish_rtc_model)
DEVICE_MODEL(mps2_fpgaio_model)
DEVICE_MODEL(ns16550_model)
DEVICE_MODEL(stm32_lpuart_model)
DEVICE_MODEL(stm32_usart_model)
